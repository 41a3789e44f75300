"""Git's object format as pure functions: ids, trees and commits as bytes, and paths as trees need them. No I/O, no git.

Format: git's documentation, "gitformat-pack" and "Git Internals - Git Objects". Object ids are SHA-1, as git's default.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from workflows.ports import RefusedError

PLAIN = "100644"
EXECUTABLE = "100755"
DIRECTORY = "40000"


class Entry(NamedTuple):
    """One line of a tree: git mode, object id in hex."""

    mode: str
    id: str


def header(kind: str, data: bytes) -> bytes:
    """What git puts before an object's bytes."""
    return f"{kind} {len(data)}\0".encode()


def object_id(kind: str, data: bytes) -> str:
    """Hex id of an object of `kind` (`blob`, `tree`, `commit`)."""
    return hashlib.sha1(header(kind, data) + data, usedforsecurity=False).hexdigest()


def encode_tree(entries: Mapping[bytes, Entry]) -> bytes:
    """A tree object. Git sorts names as if directories ended in a slash."""
    ordered = sorted(entries.items(), key=lambda item: item[0] + b"/" if item[1].mode == DIRECTORY else item[0])
    return b"".join(entry.mode.encode() + b" " + name + b"\0" + bytes.fromhex(entry.id) for name, entry in ordered)


def encode_trees(files: Mapping[tuple[bytes, ...], Entry]) -> list[bytes]:
    """All tree objects of a set of files by path segments, inner ones first and the root last.

    Raises RefusedError when one path is both a file and a folder.
    """
    encoded: list[bytes] = []

    def build(level: Mapping[tuple[bytes, ...], Entry]) -> bytes:
        entries: dict[bytes, Entry] = {}
        folders: dict[bytes, dict[tuple[bytes, ...], Entry]] = {}
        for path, entry in level.items():
            if len(path) == 1:
                entries[path[0]] = entry
            else:
                folders.setdefault(path[0], {})[path[1:]] = entry
        for name, inside in folders.items():
            if name in entries:
                raise _refused(name.decode("utf-8", "replace"), "is both a file and a folder")
            entries[name] = Entry(DIRECTORY, object_id("tree", build(inside)))
        encoded.append(encode_tree(entries))
        return encoded[-1]

    build(files)
    return encoded


def decode_tree(data: bytes) -> dict[bytes, Entry]:
    """The entries of a tree object. Raises ValueError when it is malformed."""
    entries: dict[bytes, Entry] = {}
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        if end + 21 > len(data):
            raise ValueError("a tree object ends in the middle of an entry")
        entries[data[space + 1 : end]] = Entry(data[at:space].decode("ascii"), data[end + 1 : end + 21].hex())
        at = end + 21
    return entries


def encode_commit(tree: str, parents: Iterable[str], message: str, *, who: str, when: int) -> bytes:
    """A commit object. Author and committer are `who` at `when` (Unix seconds, UTC)."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    stamp = f"{who} {when} +0000"
    lines += [f"author {stamp}", f"committer {stamp}", "", message.replace("\0", "").rstrip("\n") + "\n"]
    return "\n".join(lines).encode("utf-8", "replace")


def split_path(path: str) -> tuple[bytes, ...]:
    """The segments of a relative path with `/` between them.

    Raises RefusedError for what must never enter a tree: absolute paths, empty, `.` or `..` segments, NUL, backslash,
    and any form of `.git`. Finer rules (`daemon/paths.py`, policy) are the caller's; this is the belt.
    """
    try:
        segments = path.encode().split(b"/")
    except UnicodeEncodeError:
        raise _refused(path, "is not valid text") from None
    if b"\0" in path.encode() or b"\\" in path.encode():
        raise _refused(path, "holds NUL or a backslash")
    if len(segments) > 64 or max(map(len, segments)) > 255:
        raise _refused(path, "is deeper than 64 folders or has a name over 255 bytes")
    for segment in segments:
        if segment in (b"", b".", b".."):
            raise _refused(path, "is absolute, or has an empty, `.` or `..` segment")
        if _is_git(segment):
            raise _refused(path, "names git's own directory")
    return tuple(segments)


def _is_git(segment: bytes) -> bool:
    # Case, trailing dots and spaces, NTFS short names and streams all reach `.git` on some file system.
    plain = segment.split(b":")[0].rstrip(b". ").lower()
    return plain in (b".git", b"git~1")


def _refused(path: str, why: str) -> RefusedError:
    return RefusedError("path:tree", f"repo: path {path[:200]!r} {why}")
