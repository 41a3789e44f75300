"""Trees and plain folders: writing a tree's files out, and reading a folder in. Links are never followed."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from daemon.gitobjects import EXECUTABLE, PLAIN, Entry, encode_trees, object_id, split_path
from workflows.ports import RefusedError

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class FreshFolder:
    """A folder that appears under its name complete, or not at all: use as a context manager, `add` files.

    Directories are 0755 and files 0644 or 0755 whatever the umask is, since a runner reads them under another uid.
    Raises FileExistsError when the name is taken.
    """

    def __init__(self, destination: Path) -> None:
        self._destination = destination

    def __enter__(self) -> FreshFolder:
        if os.path.lexists(self._destination):
            raise FileExistsError(f"repo: {self._destination} exists already; remove it before the export")
        self._building = Path(tempfile.mkdtemp(prefix=".export-", dir=self._destination.parent))
        self._building.chmod(0o755)
        return self

    def add(self, path: str, data: bytes, mode: str) -> None:
        """Write one file. Raises RefusedError for a path that may not be in a tree, OSError."""
        *folders, name = split_path(path)
        at = os.open(self._building, _DIRECTORY)
        try:
            for folder in folders:
                at = _enter(at, folder)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(name, flags, 0o600, dir_fd=at), "wb") as file:
                file.write(data)
                os.fchmod(file.fileno(), 0o755 if mode == EXECUTABLE else 0o644)
        finally:
            os.close(at)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            try:
                # An empty directory would be replaced silently by rename; a name that appeared meanwhile is refused.
                self._destination.mkdir()
                self._building.rename(self._destination)
                return
            except FileExistsError:
                shutil.rmtree(self._building, ignore_errors=True)
                raise
        shutil.rmtree(self._building, ignore_errors=True)


class EmptyFolder(FreshFolder):
    """An empty folder that is there already (a waiting container shows it) and is filled in place."""

    def __enter__(self) -> EmptyFolder:
        if any(self._destination.iterdir()):
            raise FileExistsError(f"repo: {self._destination} is not empty")
        self._building = self._destination
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """What was written so far stays: whoever made the folder throws it away."""


def _enter(at: int, folder: bytes) -> int:
    try:
        try:
            os.mkdir(folder, 0o700, dir_fd=at)
            fresh = True
        except FileExistsError:
            fresh = False
        inside = os.open(folder, _DIRECTORY, dir_fd=at)
        if fresh:
            os.fchmod(inside, 0o755)
        return inside
    finally:
        os.close(at)


def folder_id(folder: Path, max_bytes: int = 256 * 1024 * 1024) -> str:
    """The id that git would give the folder as a tree, nothing left out and nothing stored. Raises as `read_folder`."""
    files = read_folder(folder, (), max_bytes)
    entries = {split_path(path): Entry(mode, object_id("blob", data)) for path, data, mode in files}
    return object_id("tree", encode_trees(entries)[-1])


def read_folder(folder: Path, ignore: Collection[str], max_bytes: int) -> Iterator[tuple[str, bytes, str]]:
    """`(path, data, git mode)` of every file below `folder`, sorted.

    Names in `ignore` are left out at every level. Raises RefusedError for links, devices and other special files, names
    that may not be in a tree, and more than `max_bytes` in all; OSError.
    """
    total = 0
    for parent, folders, names in os.walk(folder, followlinks=False, onerror=_raise):
        folders[:] = sorted(name for name in folders if name not in ignore)
        for name in [*folders, *sorted(names)]:
            if name in ignore:
                continue
            full = Path(parent) / name
            relative = full.relative_to(folder).as_posix()
            split_path(relative)
            mode = full.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                raise RefusedError(
                    "mode:tree", f"repo: {full} is a link or special file; only plain files enter a tree"
                )
            descriptor = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                data = file.read(max_bytes - total + 1)
            total += len(data)
            if total > max_bytes:
                raise RefusedError("tree:size", f"repo: {folder} holds more than {max_bytes} bytes")
            yield relative, data, EXECUTABLE if mode & stat.S_IXUSR else PLAIN


def _raise(error: OSError) -> None:
    raise error
