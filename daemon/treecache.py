"""Trees that were read or written lately, in memory: a tree never changes, and each reading of one starts programs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

MOST_BYTES = 32 * 1024 * 1024
MOST_TREES = 512


class HasData(Protocol):
    """A file, as far as its size counts."""

    @property
    def data(self) -> bytes: ...


F = TypeVar("F", bound=HasData)


class TreeCache(Generic[F]):
    """Files of trees by their ids, the least lately used forgotten first. Thread-safe."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_trees: int = MOST_TREES) -> None:
        self._most_bytes, self._most_trees = most_bytes, most_trees
        self._lock = threading.Lock()  # protects the two below
        self._kept: OrderedDict[str, Mapping[str, F]] = OrderedDict()
        self._bytes = 0

    def get(self, tree: str) -> Mapping[str, F] | None:
        """The tree's files, if they are known."""
        with self._lock:
            if tree in self._kept:
                self._kept.move_to_end(tree)
            return self._kept.get(tree)

    def put(self, tree: str, files: Mapping[str, F]) -> None:
        """Remember a tree."""
        with self._lock:
            if tree in self._kept:
                return
            self._kept[tree] = MappingProxyType(dict(files))
            self._bytes += _size(files)
            while self._bytes > self._most_bytes or len(self._kept) > self._most_trees:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= _size(gone)


def _size(files: Mapping[str, HasData]) -> int:
    return sum(len(file.data) for file in files.values())
