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


def one_of(folder: Path, files: Mapping[str, bytes], stems: Iterable[str], what: str, given: str = "") -> str:
    """The given file, or the one file at the top whose name without suffix is one of the stems. Raises BadTarget."""
    wanted = tuple(stems)
    if given:
        if given not in files:
            raise BadTarget(folder / given, "", f"is missing: {what}", "name a file of the folder")
        return given
    found = [name for name in files if "/" not in name and Path(name).stem in wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadTarget(folder, "", f"holds several of {what}: {', '.join(sorted(found))}", "keep one of them")
    raise BadTarget(folder / f"{wanted[0]}.py", "", f"is missing: {what}", "is this the right folder?")


def reached(files: Mapping[str, bytes], roots: Iterable[str]) -> dict[str, bytes]:
    """The Python files among `files` that the roots import, directly or through others, and the roots themselves."""
    found: dict[str, bytes] = {}
    waiting = [name for name in roots if name in files]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = files[name]
        for module in _imported(name, files[name]):
            stem = module.replace(".", "/")
            waiting += [one for one in files if one.endswith((f"{stem}.py", f"{stem}/__init__.py"))]
    return found


def needs(files: Mapping[str, bytes], known: Iterable[str], *, loading: bool = True) -> list[str]:
    """Modules that Python files import and that neither they, nor Python, nor `known` have: for the image to offer.

    `loading`: only imports that run when a file is loaded; what a function imports for itself may never be needed.
    """
    local = {part for name in files for part in Path(name).with_suffix("").parts}
    offered = local | set(known) | sys.stdlib_module_names
    wanted = {
        module.partition(".")[0] for name, data in files.items() for module in _imported(name, data, loading=loading)
    }
    return sorted(wanted - offered)


def foreign(
    files: Mapping[str, bytes], roots: Iterable[str], known: Iterable[str]
) -> tuple[tuple[str, ...], list[str]]:
    """Modules that the roots cannot be loaded without, and a sentence about those that they may import later on."""
    used, offered = (
        reached(files, roots),
        {*known, *(part for name in files for part in Path(name).with_suffix("").parts)},
    )
    first = needs(used, offered)
    later = sorted({*needs(used, offered, loading=False)} - {*first})
    told = f"Only inside functions or `try`, which may do without: {', '.join(later)}."
    return tuple(first), [told] if later else []


def _imported(name: str, data: bytes, *, loading: bool = False) -> set[str]:
    """Dotted names that a Python file imports; `loading`: outside of functions and of `try` only."""
    try:
        waiting: list[ast.AST] = [ast.parse(data)] if name.endswith(".py") else []
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found: set[str] = set()
    while waiting:
        node = waiting.pop()
        if loading and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Try):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        waiting += ast.iter_child_nodes(node)
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise BadTarget(folder, "", f"cannot be read: {error.strerror}", "check its permissions") from error
