"""The archive's git store: trees in, trees out, commits under refs that are written once. The only importer of `git`.

The git directory belongs to the host: no work tree, no hooks, no configuration but the host's own. Every git process
(`init`, `cat-file`, `update-ref`, `rev-parse`, `for-each-ref`, `diff-tree`) gets an environment made from nothing. A
candidate's files are bytes all the way: nothing in a tree is ever checked out, or taken for a hook, an attribute or a
setting.
"""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from git import Git
from git.exc import GitError

from daemon.gitfolders import EmptyFolder, FreshFolder, read_folder
from daemon.gitloose import create_ref, kind_of, write_objects
from daemon.gitobjects import (
    DIRECTORY,
    EXECUTABLE,
    PLAIN,
    Entry,
    decode_tree,
    encode_commit,
    encode_trees,
    object_id,
    split_path,
)
from daemon.records.files import make_private
from daemon.treecache import TreeCache
from workflows.ports import InfrastructureError, RefusedError

WHO = "ratchet <ratchet@localhost>"
_NOTHING = "0" * 40
_REF = re.compile(r"refs/ratchet(/[A-Za-z0-9_][A-Za-z0-9_-]*)+")
_ID = re.compile(r"[0-9a-f]{40}")
_KEPT = string.ascii_letters + string.digits + "-"
_SECONDS = 60
_ENVIRONMENT = (
    "/usr/bin/env",
    "-i",
    "PATH=/usr/bin:/bin",
    "HOME=/nonexistent",
    "LC_ALL=C",
    "GIT_CONFIG_NOSYSTEM=1",
    "GIT_CONFIG_GLOBAL=/dev/null",
    "GIT_ATTR_NOSYSTEM=1",
    "GIT_NO_REPLACE_OBJECTS=1",
    "GIT_TERMINAL_PROMPT=0",
)
_GIT = (
    "git",
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "core.fsync=all"),
    *("-c", "gc.auto=0"),
    *("-c", "protocol.allow=never"),
)


@dataclass(frozen=True)
class File:
    """One file of a tree: its bytes and git mode (`100644` or `100755`; nothing else exists here)."""

    data: bytes
    mode: str = PLAIN

    def __post_init__(self) -> None:
        if self.mode not in (PLAIN, EXECUTABLE):
            raise RefusedError("mode:tree", f"repo: mode {self.mode!r} is not a plain file's (100644 or 100755)")


def candidate_ref(campaign: str, number: int) -> str:
    """The ref of one candidate: `refs/ratchet/<campaign>/<number>`, the campaign's id made fit for a ref."""
    return f"refs/ratchet/{ref_part(campaign)}/{number}"


def ref_part(text: str) -> str:
    """Any text as one component of a ref, one to one: what is not an ASCII letter, digit or inner `-` becomes `_xx`."""
    quoted = "".join(f"_{byte:02x}" if chr(byte) not in _KEPT else chr(byte) for byte in text.encode())
    return "_2d" + quoted[1:] if quoted.startswith("-") else quoted or "_"


class _HostGit(Git):
    """GitPython's command runner, with an empty environment instead of the daemon's, and programs switched off."""

    def execute(self, command: str | Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        if isinstance(command, str):
            raise TypeError("repo: git commands are lists")
        # An absolute directory, since GitPython falls back to the daemon's own place when this one is gone.
        place = f"--git-dir={self.working_dir}"
        return super().execute([*_ENVIRONMENT, *_GIT, place, *command[1:]], *args, **kwargs)


class _CheckoutGit(Git):
    """The same inside of people's own checkout: with its settings, less those that start programs."""

    def execute(self, command: str | Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        if isinstance(command, str):
            raise TypeError("repo: git commands are lists")
        words = ["-C", str(self.working_dir), "--no-optional-locks", *command[1:]]
        return super().execute([*_ENVIRONMENT, *_GIT, *words], *args, **kwargs)


def commit_of(folder: Path) -> str:
    """The commit at which the checkout around `folder` stands, with `+edits` when the folder is not as committed.

    Empty where there is none, or git does not say.
    """
    git = _CheckoutGit(folder.absolute())
    try:
        status, head, _ = _call(git, "rev-parse", "--verify", "--quiet", "HEAD")
        if status != 0:
            return ""
        # Settings cannot turn filters off as such; each that is configured is made to start nothing.
        _, listed, _ = _call(git, "config", "-z", "--name-only", "--get-regexp", r"^filter\.")
        filters = {name.rpartition(".")[0] for name in listed.decode("utf-8", "surrogateescape").split("\0") if name}
        if any("=" in name for name in filters):
            return ""  # such a name cannot be said on a command line
        off = [f"{name}.{key}" for name in filters for key in ("clean=", "smudge=", "process=", "required=false")]
        silenced = [word for setting in off for word in ("-c", setting)]
        status_words = ("status", "--porcelain", "--untracked-files=all", "--ignore-submodules=all", "--", ".")
        edited = _run(git, *silenced, *status_words)
    except InfrastructureError:
        return ""
    return head.decode("ascii").strip() + ("+edits" if edited else "")


class TreeStore:
    """One bare git directory, made when it is missing. Safe from any thread or process; every method may be repeated.

    Raises InfrastructureError when git or the disk fails, RefusedError for paths and modes that may not enter a tree.
    """

    def __init__(self, git_dir: Path) -> None:
        self._git_dir = git_dir.absolute()
        self._cache: TreeCache[File] = TreeCache()
        if not (git_dir / "HEAD").is_file():
            with _disk():
                make_private(git_dir)
            _run(_HostGit(self._git_dir), "init", "--quiet", "--bare", "--template=", "--initial-branch=none")

    def write_tree(self, files: Mapping[str, File]) -> str:
        """Store files as one tree, durable on return; returns the tree id."""
        return self._store_tree({}, files)

    def read_tree(self, tree: str) -> dict[str, File]:
        """Every file of a tree by path. Raises KeyError when the tree is unknown."""
        if (known := self._cache.get(tree)) is not None:
            return dict(known)
        with self._open() as git:
            files = {path: File(_part(git, "blob", entry.id), entry.mode) for path, entry in _walk(git, tree)}
        self._cache.put(tree, files)
        return files

    def list_tree(self, tree: str) -> dict[str, Entry]:
        """Mode and blob id of every file of a tree by path, without reading the files. Raises KeyError."""
        if (known := self._cache.get(tree)) is not None:
            return {path: Entry(file.mode, object_id("blob", file.data)) for path, file in known.items()}
        with self._open() as git:
            return dict(_walk(git, tree))

    def overlay(self, tree: str, changes: Mapping[str, File], deleted: Collection[str] = ()) -> str:
        """The tree with `deleted` taken out (absent ones are no error) and `changes` put in; returns the new id."""
        entries = self.list_tree(tree)
        for path in deleted:
            entries.pop(path, None)
        made = self._store_tree(entries, changes)
        if (known := self._cache.get(tree)) is not None:
            self._cache.put(made, {**{path: known[path] for path in entries}, **changes})
        return made

    def commit(self, tree: str, parents: Sequence[str], message: str, ref: str, *, when: float) -> str:
        """Commit a tree under a ref that is written once; returns the commit id, the same for the same arguments.

        `when` is Unix seconds. Raises KeyError for an unknown tree or parent, RefusedError when the ref holds another
        commit.
        """
        _check_ref(ref)
        for kind, name in (("tree", tree), *(("commit", parent) for parent in parents)):
            _check_id(name)
            if kind_of(self._git_dir / "objects", name) != kind:
                with self._open() as git:
                    _read(git, kind, name)
        (commit,) = self._write([("commit", encode_commit(tree, parents, message, who=WHO, when=int(when)))])
        self._move_ref(ref, commit, _NOTHING)
        return commit

    def point(self, ref: str, commit: str) -> None:
        """Move a ref that is meant to move (a champion's) to a commit. Raises KeyError when the commit is unknown."""
        self.tree_of(commit)
        self._move_ref(ref, commit, "")

    def resolve(self, ref: str) -> str | None:
        """The commit that a ref holds, or None."""
        _check_ref(ref)
        with self._open() as git:
            status, output, _ = _call(git, "rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
        return output.decode().strip() if status == 0 else None

    def refs(self, prefix: str) -> dict[str, str]:
        """Commits of all refs below a prefix that ends in a slash."""
        _check_ref(prefix.removesuffix("/"))
        with self._open() as git:
            listed = _run(git, "for-each-ref", "--format=%(refname) %(objectname)", prefix).decode()
        pairs = (line.split(" ") for line in listed.splitlines())
        return {str(ref): str(commit) for ref, commit in pairs}

    def tree_of(self, commit: str) -> str:
        """The tree id of a commit. Raises KeyError when it is unknown."""
        with self._open() as git:
            first, _, _ = _read(git, "commit", commit).partition(b"\n")
        return first.removeprefix(b"tree ").decode("ascii")

    def export(self, tree: str, destination: Path) -> int:
        """Write the tree's files into a new folder, whole or not at all; returns the number of files.

        Files are 0644 or 0755 and folders 0755 whatever the umask. Raises FileExistsError when the name is taken.
        """
        files = self.read_tree(tree)
        with _disk(), FreshFolder(destination) as folder:
            for path, file in files.items():
                folder.add(path, file.data, file.mode)
        return len(files)

    def fill(self, tree: str, folder: Path) -> int:
        """As `export`, but into an empty folder that exists; after an error it may hold some of the files."""
        files = self.read_tree(tree)
        with _disk(), EmptyFolder(folder) as filled:
            for path, file in files.items():
                filled.add(path, file.data, file.mode)
        return len(files)

    def diff(self, before: str, after: str, *, max_bytes: int = 1_000_000) -> str:
        """Unified diff between two trees or commits; cut at `max_bytes` with a last line that says so."""
        for name in (before, after):
            _check_id(name)
        arguments = ("diff-tree", "-r", "-p", "-M", "--no-color", "--no-ext-diff", "--no-textconv", before, after)
        with self._open() as git:
            output = _run(git, *arguments)
        text = output[:max_bytes].decode("utf-8", "replace")
        return text if len(output) <= max_bytes else f"{text}\n[cut after {max_bytes} of {len(output)} bytes]\n"

    def import_folder(
        self, folder: Path, *, ignore: Collection[str] = ("__pycache__",), max_bytes: int = 64 * 1024 * 1024
    ) -> str:
        """Store a folder's plain files as a tree; returns its id. Raises RefusedError for links and special files."""
        with _disk():
            files = {path: File(data, mode) for path, data, mode in read_folder(folder, ignore, max_bytes)}
        return self.write_tree(files)

    def _store_tree(self, kept: Mapping[str, Entry], files: Mapping[str, File]) -> str:
        entries = {split_path(path): entry for path, entry in kept.items()}
        for path, file in files.items():
            entries[split_path(path)] = Entry(file.mode, object_id("blob", file.data))
        blobs = [("blob", file.data) for file in files.values()]
        return self._write([*blobs, *(("tree", data) for data in encode_trees(entries))])[-1]

    def _write(self, objects: Iterable[tuple[str, bytes]]) -> list[str]:
        with _disk():
            return write_objects(self._git_dir / "objects", objects)

    @contextmanager
    def _open(self) -> Iterator[Git]:
        # Not `git.Repo`: it looks into GIT_DIR and its like in the daemon's environment.
        git = _HostGit(self._git_dir)
        try:
            yield git
        except (GitError, OSError) as error:
            raise InfrastructureError(f"repo: cannot read {self._git_dir}: {error}") from error
        finally:
            git.clear_cache()

    def _move_ref(self, ref: str, commit: str, expected: str) -> None:
        _check_ref(ref)
        if expected == _NOTHING and create_ref(self._git_dir, ref, commit):
            return
        with self._open() as git:
            status, _, message = _call(git, "update-ref", "--no-deref", ref, commit, *filter(None, [expected]))
        if status == 0:
            return
        standing = self.resolve(ref)
        if standing == commit:
            return
        if standing is not None and expected:
            raise RefusedError("tree:ref", f"repo: {ref} holds {standing} already, so {commit} cannot be written there")
        raise InfrastructureError(f"repo: cannot move {ref}: {message}")


def _call(git: Git, *arguments: str) -> tuple[int, bytes, str]:
    """Status, output, and the last line of the error output of one git command."""
    try:
        status, output, errors = git.execute(
            ["git", *arguments],
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
            kill_after_timeout=_SECONDS,
        )
    except (GitError, OSError) as error:
        raise InfrastructureError(f"repo: cannot run git {arguments[0]}: {error}; is git installed?") from error
    lines = errors.strip().splitlines()
    return status, output, lines[-1][:500] if lines else f"status {status}"


def _run(git: Git, *arguments: str) -> bytes:
    status, output, message = _call(git, *arguments)
    if status != 0:
        raise InfrastructureError(f"repo: git {arguments[0]} failed: {message}")
    return output


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise InfrastructureError(f"repo: {error.filename or 'disk'}: {error.strerror or error}") from error


def _read(git: Git, kind: str, name: str) -> bytes:
    _check_id(name)
    try:
        _, kind_found, _, data = git.get_object_data(name)
    except ValueError as error:
        if "missing" in str(error):
            raise KeyError(f"repo: no {kind} {name} in the archive") from None
        raise InfrastructureError(f"repo: {kind} {name} cannot be read; restore the archive: {error}") from error
    found = kind_found.decode() if isinstance(kind_found, bytes) else kind_found
    if found != kind:
        raise KeyError(f"repo: {name} is a {found}, not a {kind}")
    return data


def _part(git: Git, kind: str, name: str) -> bytes:
    """An object that a stored tree names: when it is missing, the store is damaged."""
    try:
        return _read(git, kind, name)
    except KeyError as error:
        raise InfrastructureError(f"repo: {kind} {name} is lost or damaged; restore the archive") from error


def _walk(git: Git, tree: str) -> Iterator[tuple[str, Entry]]:
    yield from _walk_level(git, _read(git, "tree", tree), "")


def _walk_level(git: Git, data: bytes, prefix: str) -> Iterator[tuple[str, Entry]]:
    for name, entry in decode_tree(data).items():
        path = prefix + name.decode("utf-8", "surrogateescape")
        if entry.mode == DIRECTORY:
            yield from _walk_level(git, _part(git, "tree", entry.id), path + "/")
        elif entry.mode in (PLAIN, EXECUTABLE):
            yield path, entry
        else:
            raise RefusedError("mode:tree", f"repo: {path!r} has mode {entry.mode}; only plain files are allowed")


def _check_ref(ref: str) -> None:
    if not _REF.fullmatch(ref):
        raise RefusedError("tree:ref", f"repo: {ref!r} is not a ref under refs/ratchet/")


def _check_id(name: str) -> None:
    if not _ID.fullmatch(name):
        raise KeyError(f"repo: {name!r} is not an object id")
