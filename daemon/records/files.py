"""Writing files so that a crash leaves the old state or the new one, never half of it."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Make the names in `directory` durable. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write `data` under `path`, replacing what was there, durable on return. Raises OSError; the old state stands."""
    descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def create_once(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write `data` under `path` unless something is there, durable on return. Of many at once, the first one stands.

    Raises OSError.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    write_durably(fresh, data, mode=mode)
    try:
        os.link(fresh, path)  # fails when another process was faster, where a rename would replace its file
        sync_directory(path.parent)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def append_durably(path: Path, data: bytes) -> None:
    """Add `data` at the end of a file, durable on return. Raises OSError; the file is cut back to what it was."""
    fresh = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        before = os.lseek(descriptor, 0, os.SEEK_END)
        try:
            done = 0
            while done < len(data):
                done += os.write(descriptor, data[done:])
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)
    if fresh:
        sync_directory(path.parent)


def make_private(directory: Path) -> None:
    """Create `directory` and its missing parents, each for the owner alone. Raises OSError."""
    if directory.exists() and not directory.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(directory))
    if not directory.is_dir():
        make_private(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
