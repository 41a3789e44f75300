"""Reads the folder that is imported: bounded, regular files only, nothing followed out of it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from kernels.target import BadTarget

FILES_LIMIT = 500
BYTES_LIMIT = 16 * 1024 * 1024
"""A runner keeps copies of all this in 64 MiB of memory."""
CACHES = (".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")
SKIPPED = frozenset((*CACHES, ".git", ".hg", ".svn", "checkpoints", "openevolve_output", "results"))
"""Folders that hold no part of a task: histories, environments, caches and outputs of earlier runs."""


def read_tree(folder: Path) -> dict[str, bytes]:
    """Every file by its path relative to the folder. Raises BadTarget for links and for too much."""
    if not folder.is_dir():
        raise BadTarget(folder, "", "is not a folder", "give the folder of the task (clone a repository first)")
    found: dict[str, bytes] = {}
    total = 0
    waiting = [folder]
    while waiting:
        for path in sorted(_listed(waiting.pop())):
            name = path.relative_to(folder).as_posix()
            if path.is_symlink():
                raise BadTarget(path, "", "is a link", "put the file itself there, or remove it")
            if path.is_dir():
                waiting += [] if path.name in SKIPPED else [path]
                continue
            if not path.is_file():
                raise BadTarget(path, "", "is not a regular file", "remove it")
            total += path.stat().st_size
            if len(found) >= FILES_LIMIT or total > BYTES_LIMIT:
                limits = f"more than {FILES_LIMIT} files or {BYTES_LIMIT // 2**20} MiB"
                raise BadTarget(folder, "", f"holds {limits}", "import the part that the task needs")
            try:
                found[name] = path.read_bytes()
            except OSError as error:
                raise BadTarget(path, "", f"cannot be read: {error.strerror}", "check its permissions") from error
    return found


def text_of(folder: Path, files: Mapping[str, bytes], name: str) -> str:
    """A file as text. Raises BadTarget."""
    try:
        return files[name].decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadTarget(folder / name, "", "is not UTF-8 text", "save it as UTF-8") from error


def one_of(folder: Path, files: Mapping[str, bytes], stems: Iterable[str], what: str) -> str:
    """The one file at the top whose name without suffix is one of the stems. Raises BadTarget."""
    wanted = tuple(stems)
    found = [name for name in files if "/" not in name and Path(name).stem in wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadTarget(folder, "", f"holds several of {what}: {', '.join(sorted(found))}", "keep one of them")
    raise BadTarget(folder / f"{wanted[0]}.py", "", f"is missing: {what}", "is this the right folder?")


def needs(files: Mapping[str, bytes], known: Iterable[str]) -> list[str]:
    """Modules that Python files import and that neither they, nor Python, nor `known` have: for the image to offer."""
    local = {part for name in files for part in Path(name).with_suffix("").parts}
    offered = local | set(known) | sys.stdlib_module_names
    wanted: set[str] = set()
    for name, data in files.items():
        if not name.endswith(".py"):
            continue
        try:
            tree = ast.parse(data)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                wanted |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                wanted.add(node.module.partition(".")[0])
    return sorted(wanted - offered)


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise BadTarget(folder, "", f"cannot be read: {error.strerror}", "check its permissions") from error
