"""Git objects and refs as loose files, without starting git: durable before they get their name, so that a crash leaves
no half object.

(Writers that name first and sync later, or never, can leave an object cut short by a power loss, which the next writer
then takes for good.)
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from daemon.gitobjects import header, object_id
from daemon.records.files import create_once, sync_directory
from workflows.ports import InfrastructureError, RefusedError


def write_objects(objects: Path, wanted: Iterable[tuple[str, bytes]]) -> list[str]:
    """Store `(kind, data)` pairs in an objects directory; returns their ids. Objects that are there are left alone.

    Raises OSError; RefusedError when other bytes are stored under the same id (a forged SHA-1 collision).
    """
    ids: list[str] = []
    staged: list[tuple[str, Path]] = []
    names: set[Path] = set()
    try:
        for kind, data in wanted:
            name = object_id(kind, data)
            ids.append(name)
            path = objects / name[:2] / name[2:]
            if path in names:
                continue
            names.add(path)
            if path.exists():
                _same(path, header(kind, data) + data)
                continue
            staged.append((_stage(objects, header(kind, data) + data), path))
        # All are written before the first is synced: the file system then flushes them together.
        for temporary, _ in staged:
            _sync_file(temporary)
        for temporary, path in staged:
            path.parent.mkdir(exist_ok=True)
            Path(temporary).replace(path)
        for directory in {path.parent for _, path in staged}:
            sync_directory(directory)
        if staged:
            sync_directory(objects)
    except BaseException:
        for temporary, _ in staged:
            Path(temporary).unlink(missing_ok=True)
        raise
    return ids


def kind_of(objects: Path, name: str) -> str:
    """The kind of a loose object by its id (40 hex digits); empty for one that is not there as a loose file."""
    try:
        raw = (objects / name[:2] / name[2:]).read_bytes()
        return zlib.decompressobj().decompress(raw, 16).partition(b" ")[0].decode("ascii", "replace")
    except (OSError, zlib.error):
        return ""


def create_ref(git_dir: Path, ref: str, commit: str) -> bool:
    """Make a ref that is not there yet, durably. False when git has to say what is there, or what is wrong.

    Of several at once the first one stands: nothing is replaced, so no lock is needed, and none can be left behind.
    """
    path = git_dir / ref
    try:
        if (git_dir / "packed-refs").exists() or path.exists():
            return False
        fresh = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        create_once(path, f"{commit}\n".encode(), mode=0o644)
        for folder in fresh:
            sync_directory(folder.parent)
        return path.read_bytes() == f"{commit}\n".encode()
    except OSError:
        return False


def _stage(objects: Path, raw: bytes) -> str:
    descriptor, temporary = tempfile.mkstemp(prefix="tmp_obj_", dir=objects)
    with os.fdopen(descriptor, "wb") as file:
        file.write(zlib.compress(raw, 1))
        os.fchmod(file.fileno(), 0o444)
    return temporary


def _sync_file(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _same(path: Path, raw: bytes) -> None:
    try:
        stored = zlib.decompress(path.read_bytes())
    except zlib.error as error:
        raise InfrastructureError(
            f"repo: object {path.parent.name}{path.name} is damaged; restore the archive"
        ) from error
    if stored != raw:
        raise RefusedError("tree:collision", f"repo: two contents share the id {path.parent.name}{path.name}")
