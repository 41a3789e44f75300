"""Programs that are mounted into containers, laid out where the container's user can read them.

A checkout may sit under a private home or a umask of 077, so nothing is mounted from it. A payload is a copy in the
state directory, named by the hash of its contents: the same programs are copied once, and changed ones never replace
what a running container has mounted.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from workflows.ports import InfrastructureError

_CACHE = "__pycache__"


def collect(folder: Path) -> dict[str, bytes]:
    """The sources below `folder` by relative path: every regular file but byte-code caches.

    Raises InfrastructureError as `contents` does.
    """
    return _read(folder, caches=False)


def contents(folder: Path) -> dict[str, bytes]:
    """Every regular file below `folder` by relative path, whatever it is: what a container that has it mounted may run.

    Symbolic links are refused: what is mounted must be what was read here. Raises InfrastructureError.
    """
    return _read(folder, caches=True)


def _read(folder: Path, *, caches: bool) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        for path in sorted(_below(str(folder), caches=caches)):
            with open(path, "rb") as file:  # noqa: PTH123 (read before and after every session: Path is half of it)
                files[path[len(str(folder)) + 1 :]] = file.read()
    except OSError as error:
        raise InfrastructureError(f"payload: cannot read {folder}: {error.strerror}") from error
    if not files:
        raise InfrastructureError(f"payload: {folder} holds no files")
    return files


def _below(folder: str, *, caches: bool) -> Iterator[str]:
    """The regular files, however deep. Raises InfrastructureError for a symbolic link."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise InfrastructureError(f"payload: {entry.path} is a symbolic link; put the file itself there")
            if entry.is_dir():
                if caches or entry.name != _CACHE:
                    yield from _below(entry.path, caches=caches)
            elif entry.is_file():
                yield entry.path


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over paths and contents, each led by its length so that no two sets share one text."""
    total = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            total.update(len(part).to_bytes(8, "big"))
            total.update(part)
    return total.hexdigest()


def place(source: Path | Mapping[str, bytes], root: Path) -> Path:
    """The folder below `root` that holds `source` (a folder, or contents by relative path), made when absent.

    Folders are 0755 and files 0644 whatever the umask. Safe to call from many processes at once: the folder appears
    complete or not at all. A copy that was tampered with is replaced. Raises InfrastructureError.
    """
    files = collect(source) if isinstance(source, Path) else dict(source)
    target = root / digest(files)
    if _intact(target, files):
        return target
    try:
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o755)
        building = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
        try:
            _write(building, files)
            _swap(building, target, files)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise InfrastructureError(f"payload: cannot write below {root}: {error.strerror}") from error
    return target


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o644)
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    for inner in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        inner.chmod(0o755)


def _swap(building: Path, target: Path, files: Mapping[str, bytes]) -> None:
    try:
        building.rename(target)
        return
    except OSError:
        if _intact(target, files):
            return  # another process was first
    spoiled = Path(tempfile.mkdtemp(prefix=".old-", dir=target.parent))
    target.rename(spoiled / "copy")
    building.rename(target)
    shutil.rmtree(spoiled, ignore_errors=True)


def _intact(target: Path, files: Mapping[str, bytes]) -> bool:
    if not target.is_dir() or target.is_symlink():
        return False
    found = {path.relative_to(target).as_posix(): path for path in target.rglob("*") if not path.is_dir()}
    return found.keys() == files.keys() and all(
        not path.is_symlink() and path.stat().st_mode & 0o777 == 0o644 and path.read_bytes() == files[name]
        for name, path in found.items()
    )
