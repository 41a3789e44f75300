"""Reads a unified diff and applies it to files in memory, exactly: no fuzz, no program run, no file written."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from daemon.cli.errors import BadInput

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NO_NEWLINE = b"\\ No newline at end of file"
MAX_BYTES = 8 * 1024 * 1024


@dataclass
class FilePatch:
    """One file's part of a diff. Empty `old` adds, empty `new` deletes; paths are as the diff gives them."""

    old: str = ""
    new: str = ""
    mode: str = ""
    hunks: list[tuple[int, list[bytes]]] = field(default_factory=list)
    """First old line (from 1) and the hunk's lines with their marks; a line without newline lacks its `\\n`."""


@dataclass(frozen=True)
class Applied:
    """What a diff makes of a tree: contents and modes of changed paths, and the deleted paths."""

    changed: dict[str, tuple[bytes, str]]
    deleted: tuple[str, ...]


def apply(text: bytes, base: Mapping[str, tuple[bytes, str]]) -> Applied:
    """Apply a diff to `base` (path → bytes, mode). Raises BadInput, naming file and line, when it does not fit."""
    changed: dict[str, tuple[bytes, str]] = {}
    deleted: list[str] = []
    for patch in parse(text):
        before, mode = base.get(patch.old, (b"", "100644")) if patch.old else (b"", "100644")
        if patch.old and patch.old not in base:
            raise BadInput(f"the diff changes {patch.old!r}, which the tree does not have")
        if patch.old and patch.old != patch.new:
            deleted.append(patch.old)
        if patch.new:
            changed[patch.new] = (_patched(before, patch), patch.mode or mode)
    return Applied(changed, tuple(path for path in deleted if path not in changed))


def parse(text: bytes) -> list[FilePatch]:
    """The files of a git or plain unified diff. Raises BadInput for anything that is not one."""
    if len(text) > MAX_BYTES:
        raise BadInput(f"the diff is larger than {MAX_BYTES} bytes")
    lines = text.splitlines(keepends=True)
    patches: list[FilePatch] = []
    at = 0
    while at < len(lines):
        line = lines[at].rstrip(b"\n")
        if line.startswith(b"diff --git "):
            patches.append(FilePatch(*_git_paths(line)))
        elif line.startswith(b"--- ") and at + 1 < len(lines) and lines[at + 1].startswith(b"+++ "):
            if not patches or patches[-1].hunks:
                patches.append(FilePatch())
            patches[-1].old = _path(line[4:], b"a/")
            patches[-1].new = _path(lines[at + 1].rstrip(b"\n")[4:], b"b/")
            at += 1
        elif line.startswith(b"@@ "):
            at = _hunk(lines, at, patches)
            continue
        elif patches:
            _extended(line, patches[-1])
        at += 1
    if not patches:
        raise BadInput("that is not a unified diff: no file in it")
    return patches


def _git_paths(line: bytes) -> tuple[str, str]:
    """Both names of a `diff --git` line; only needed when no `---` line follows, where they are equal."""
    rest = line.removeprefix(b"diff --git ")
    if rest.startswith(b'"'):
        old = rest[: rest.index(b'"', 1) + 1] if b'"' in rest[1:] else rest
        return _path(old, b"a/"), _path(rest[len(old) + 1 :], b"b/")
    half = (len(rest) - 1) // 2
    return _path(rest[:half], b"a/"), _path(rest[half + 1 :], b"b/")


def _extended(line: bytes, patch: FilePatch) -> None:
    word, _, value = line.rpartition(b" ")
    if word == b"new file mode":
        patch.old, patch.mode = "", value.decode("ascii", "replace")
    elif word == b"deleted file mode":
        patch.new = ""
    elif word == b"new mode":
        patch.mode = value.decode("ascii", "replace")
    elif line.startswith(b"rename from "):
        patch.old = _path(line.removeprefix(b"rename from "), b"")
    elif line.startswith((b"rename to ", b"copy to ")):
        patch.new = _path(line.split(b" to ", 1)[1], b"")
    elif line.startswith((b"copy from ", b"GIT binary patch", b"Binary files ")):
        raise BadInput("copies and binary patches cannot be checked from a diff; check the candidate or commit")


def _path(raw: bytes, prefix: bytes) -> str:
    raw = raw.split(b"\t", 1)[0]
    if raw.startswith(b'"') and raw.endswith(b'"') and len(raw) > 1:
        raw = codecs.escape_decode(raw[1:-1])[0]
    if raw == b"/dev/null":
        return ""
    return raw.removeprefix(prefix).decode("utf-8", "surrogateescape")


def _hunk(lines: list[bytes], at: int, patches: list[FilePatch]) -> int:
    head = _HUNK.match(lines[at])
    if head is None or not patches:
        raise BadInput(f"line {at + 1} of the diff is not a hunk of a file")
    first, old, new = int(head[1]), int(head[2] or 1), int(head[4] or 1)
    body: list[bytes] = []
    at += 1
    while (old > 0 or new > 0) and at < len(lines):
        mark = lines[at][:1]
        if mark in (b"\n", b""):
            body.append(b" \n")  # an editor ate the blank of an empty context line
        elif mark in (b" ", b"-", b"+"):
            body.append(lines[at])
        elif not lines[at].startswith(b"\\"):
            raise BadInput(f"line {at + 1} of the diff does not belong to its hunk")
        elif body:
            body[-1] = body[-1].rstrip(b"\n")
            at += 1
            continue
        old -= mark != b"+"
        new -= mark != b"-"
        at += 1
    if old or new:
        raise BadInput("the diff ends in the middle of a hunk")
    if at < len(lines) and lines[at].startswith(_NO_NEWLINE):
        body[-1] = body[-1].rstrip(b"\n")
        at += 1
    patches[-1].hunks.append((first, body))
    return at


def _patched(before: bytes, patch: FilePatch) -> bytes:
    old = before.splitlines(keepends=True) if b"\r" not in before else re.findall(rb"[^\n]*\n|[^\n]+", before)
    out: list[bytes] = []
    at = 0
    for first, body in patch.hunks:
        start = max(first - 1, 0)
        if start < at or start > len(old):
            raise BadInput(f"the diff of {patch.new!r} does not fit: hunks out of order at line {first}")
        out += old[at:start]
        at = start
        for line in body:
            if line[:1] != b"+":
                if at >= len(old) or old[at].rstrip(b"\n") != line[1:].rstrip(b"\n"):
                    raise BadInput(f"the diff of {patch.new or patch.old!r} does not fit the tree at line {at + 1}")
                at += 1
            if line[:1] != b"-":
                out.append(line[1:])
    return b"".join(out + old[at:])
