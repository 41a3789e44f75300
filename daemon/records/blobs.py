"""The blob store: large or personal content beside the database, named by the SHA-256 of its bytes.

Records hold only the name, so a blob can be erased later (a secret found late, personal data) and every hash chain over
the records still holds. An erased name stays erased: a tombstone says when, by whom and why.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path
from typing import NamedTuple

from daemon.records.canonical import canonical
from daemon.records.files import make_private, write_durably
from workflows.ports import InfrastructureError, RefusedError

_NAME = re.compile(r"[0-9a-f]{64}")
DEFAULT_CAP = 64 * 1024 * 1024


class Tombstone(NamedTuple):
    """What is left of an erased blob: size in bytes, Unix seconds, who and why."""

    size: int
    erased: float
    actor: str
    reason: str


class BlobErased(RefusedError):
    """The blob was erased on purpose."""

    def __init__(self, name: str, tombstone: Tombstone) -> None:
        super().__init__(
            "blobs:erased", f"blobs: {name} was erased by {tombstone.actor or 'nobody named'}: {tombstone.reason}"
        )
        self.tombstone = tombstone


class BlobStore:
    """Blobs under one directory, sharded by the first two digits. Safe from any thread or process."""

    def __init__(self, directory: Path, *, max_bytes: int = DEFAULT_CAP) -> None:
        self._directory = directory
        self._max_bytes = max_bytes

    def put(self, data: bytes) -> str:
        """Keep `data`, durable on return; returns its SHA-256. What was erased stays erased.

        Raises RefusedError above the store's size cap, InfrastructureError when the disk refuses.
        """
        if len(data) > self._max_bytes:
            raise RefusedError("blobs:size", f"blobs: {len(data)} bytes are over the cap of {self._max_bytes}")
        name = hashlib.sha256(data).hexdigest()
        path = self._path(name)
        try:
            make_private(path.parent)
            whole = path.is_file() and path.stat().st_size == len(data)
            if not whole and not self._grave(name).exists():
                write_durably(path, data)
        except OSError as error:
            raise InfrastructureError(f"blobs: cannot write {name}: {error.strerror}") from error
        return name

    def get(self, name: str) -> bytes:
        """The bytes under `name`. Raises KeyError when unknown, BlobErased, or InfrastructureError when damaged."""
        try:
            data = self._path(name).read_bytes()
        except FileNotFoundError:
            tombstone = self.tombstone(name)
            if tombstone is not None:
                raise BlobErased(name, tombstone) from None
            raise KeyError(f"blobs: nothing is stored under {name}") from None
        except OSError as error:
            raise InfrastructureError(f"blobs: cannot read {name}: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != name:
            raise InfrastructureError(f"blobs: {name} is damaged on disk; restore it from a backup")
        return data

    def has(self, name: str) -> bool:
        """Whether the bytes are there (an erased blob is not)."""
        return self._path(name).is_file()

    def tombstone(self, name: str) -> Tombstone | None:
        """The tombstone of an erased blob, or None."""
        try:
            return Tombstone(**json.loads(self._grave(name).read_bytes()))
        except FileNotFoundError:
            return None

    def erase(self, name: str, *, actor: str, reason: str) -> Tombstone:
        """Erase a blob and leave a tombstone; the first tombstone stands. Raises KeyError when it was never stored.

        The caller records the erasure in the audit log. The bytes are unlinked, not overwritten: a file system may keep
        them until it reuses the space.
        """
        path, grave = self._path(name), self._grave(name)
        try:
            standing = self.tombstone(name)
            if standing is None:
                if not path.is_file():
                    raise KeyError(f"blobs: nothing is stored under {name}")
                standing = Tombstone(path.stat().st_size, time.time(), actor, reason)
                write_durably(grave, canonical(standing._asdict()))
            path.unlink(missing_ok=True)
        except OSError as error:
            raise InfrastructureError(f"blobs: cannot erase {name}: {error.strerror}") from error
        return standing

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"blobs: {name!r} is not a SHA-256 in lower-case hex")
        return self._directory / name[:2] / name[2:]

    def _grave(self, name: str) -> Path:
        return self._path(name).with_suffix(".erased")
