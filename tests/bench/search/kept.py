"""Curves that are done already, as lines of a file: a bench of hours goes on where it was stopped."""

from __future__ import annotations

import json
from pathlib import Path

Key = tuple[str, str, int, int]
"""Task, search, seed, evaluations."""


class Kept:
    """The curves of a file, and those that are added; without a file, nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._curves: dict[Key, list[float]] = {}
        if path is not None and path.exists():
            for line in path.read_text("utf-8").splitlines():
                *key, curve = json.loads(line)
                self._curves[key[0], key[1], key[2], key[3]] = curve

    def get(self, key: Key) -> list[float] | None:
        """The curve, if it was made."""
        return self._curves.get(key)

    def add(self, key: Key, curve: list[float]) -> None:
        """Keep one more."""
        self._curves[key] = curve
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([*key, curve]) + "\n")
