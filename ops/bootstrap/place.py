"""Where set-up puts things: the checkout, the state directory, stamps, and locks between two set-ups."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def state() -> Path:
    """The state directory: `RATCHET_STATE`, else `.ratchet` in the checkout."""
    given = os.environ.get("RATCHET_STATE", "")
    return Path(given).expanduser().absolute() if given else CHECKOUT / ".ratchet"


def fingerprint(paths: Iterable[Path], *more: str) -> str:
    """SHA-256 over file names and contents and `more`; a folder counts with all its files."""
    digest = hashlib.sha256()
    for word in more:
        digest.update(word.encode() + b"\0")
    for path in sorted(paths):
        files = sorted(p for p in path.rglob("*") if "__pycache__" not in p.parts) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                digest.update(f"{file.relative_to(CHECKOUT)}\0{file.stat().st_mode & 0o111:o}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def read_stamp(path: Path) -> str:
    """What a finished step left behind, or nothing."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text().strip()
    return ""


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` in one move, so that a reader sees the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(text)
    half.replace(path)


def write_json(path: Path, value: object) -> None:
    """Like `write_atomically`, for JSON."""
    write_atomically(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock file: a second set-up waits here, then finds everything done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def machine_lock() -> Path:
    """One lock for what belongs to the whole machine (packages, the engine), whichever checkout asks."""
    run = Path("/run")
    return (run if os.geteuid() == 0 and run.is_dir() else state()) / "ratchet-setup.lock"
