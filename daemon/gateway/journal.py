"""What was paid for, once: the file journal of model calls, keyed by candidate, call index and request hash.

An entry is written before the provider is asked and rewritten when its answer is known. Each write is a new file that
is synced and renamed over the old one, so a crash leaves the old entry or the new one, never half of one.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from daemon.gateway.ports import Completion
from workflows.models import Account
from workflows.ports import InfrastructureError


class Entry(BaseModel):
    """State of one call. `begun` with no later state after a crash means: outcome unknown."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: int = 1
    candidate: str
    index: int
    request: str
    """SHA-256 of the effective request."""
    attempt: int
    key: str
    """Ledger key of the attempt."""
    reserved: dict[Account, int]
    state: Literal["begun", "failed", "done"] = "begun"
    actual: dict[Account, int] = {}
    completion: Completion | None = None


class Journal(Protocol):
    """Where entries live."""

    def get(self, candidate: str, index: int, request: str) -> Entry | None:
        """The latest entry of a call, or None when it was never begun."""

    def put(self, entry: Entry) -> None:
        """Store durably; replaces the entry of the same candidate, index and request."""


class FileJournal:
    """A journal in a folder, one small file a call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, candidate: str, index: int, request: str) -> Entry | None:
        """See `Journal.get`. Raises InfrastructureError for an unreadable entry: guessing could pay twice."""
        path = self._path(candidate, index, request)
        try:
            return Entry.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise InfrastructureError(f"journal: cannot read {path.name}: {type(error).__name__}") from error

    def put(self, entry: Entry) -> None:
        """See `Journal.put`. Raises InfrastructureError when the disk refuses."""
        path = self._path(entry.candidate, entry.index, entry.request)
        new = path.with_suffix(f".{os.getpid()}.{entry.attempt}.new")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with new.open("wb") as file:
                file.write(entry.model_dump_json().encode())
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise InfrastructureError(f"journal: cannot write {path.name}: {error.strerror}") from error

    def _path(self, candidate: str, index: int, request: str) -> Path:
        name = hashlib.sha256(candidate.encode()).hexdigest()[:32]
        return self.folder / name[:2] / f"{name}-{index}-{request[:32]}.json"
