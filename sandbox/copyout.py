"""The only thing that leaves an agent's container: one bounded JSON file of changed files, parsed as hostile bytes.

The file is bind-mounted as `/out/bundle.json`, so there is no archive to unpack and no path of the runner's choosing on
the host. Paths and modes are only carried here; whether they are allowed is the gate's question.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

FORMAT = 1


class BadBundle(Exception):
    """The bundle is unusable. `rule` is one word for the verdict (`failed:bad-output` carries it in its reason)."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True)
class BundleLimits:
    """Bounds of one bundle; sizes in bytes."""

    json_bytes: int = 4 * 1024 * 1024
    depth: int = 32
    values: int = 8000
    """Strings, brackets and commas together: holds memory during the parse."""
    files: int = 200
    content_bytes: int = 2_000_000
    path_bytes: int = 4096
    text_chars: int = 2000
    notes: int = 20
    note_chars: int = 500


@dataclass(frozen=True)
class FileEdit:
    """The new content of one file; `mode` is git's, six octal digits."""

    mode: str
    data: bytes


@dataclass(frozen=True)
class Bundle:
    """What the agent proposes: changed and new files, deleted paths, and why."""

    status: Literal["proposed", "failed"]
    files: dict[str, FileEdit] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()
    hypothesis: str = ""
    reason: str = ""
    calls: int = 0
    """Model calls as the agent counts them: for display only, the gateway's journal is the truth."""
    findings: tuple[str, ...] = ()
    """What the agent found out, for later ones: a hint to models, and never evidence of anything."""
    tasks: tuple[str, ...] = ()
    """What the agent leaves to be tried."""


DEFAULT_LIMITS = BundleLimits()


def make_outbox(path: Path) -> Path:
    """Create the empty file to mount read-write as the bundle, writable by the container's user under any umask.

    An older file there (a crashed attempt's) is replaced. Keep its folder closed to others.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o666)
    finally:
        os.close(descriptor)
    return path


def read_bundle(path: Path, limits: BundleLimits = DEFAULT_LIMITS) -> Bundle:
    """Parse the bundle of a container that has ended. Raises BadBundle, and OSError never for a hostile file."""
    return parse_bundle(read_box(path, limits), limits)


def read_box(path: Path, limits: BundleLimits = DEFAULT_LIMITS) -> bytes:
    """The bytes that a container left in its box, for `parse_bundle`. Raises BadBundle."""
    return _read(path, limits.json_bytes)


def parse_bundle(data: bytes, limits: BundleLimits = DEFAULT_LIMITS) -> Bundle:
    """The bundle in `data`. Raises BadBundle."""
    document = _object(_parse(data, limits), "the bundle")
    known = {"format", "status", "reason", "hypothesis", "files", "deleted", "usage", "findings", "tasks"}
    _no_extras(document, known, "the bundle")
    if document.get("format") != FORMAT or isinstance(document.get("format"), bool):
        _bad("format", f"format must be {FORMAT}")
    status = document.get("status")
    if status not in ("proposed", "failed"):
        _bad("status", "status must be 'proposed' or 'failed'")
    files = _files(_object(document.get("files", {}), "files"), limits)
    deleted = _deleted(document.get("deleted", []), limits)
    if len(files) + len(deleted) > limits.files:
        _bad("files", f"{len(files) + len(deleted)} paths; at most {limits.files}")
    if both := sorted(set(files) & set(deleted)):
        _bad("conflict", f"{both[0]!r} is both written and deleted")
    return Bundle(
        status=cast(Literal["proposed", "failed"], status),
        files=files,
        deleted=deleted,
        hypothesis=_text(document.get("hypothesis", ""), "hypothesis", limits.text_chars),
        reason=_text(document.get("reason", ""), "reason", limits.text_chars),
        calls=_calls(document.get("usage", {})),
        findings=_notes(document.get("findings", []), "findings", limits),
        tasks=_notes(document.get("tasks", []), "tasks", limits),
    )


def _bad(rule: str, message: str) -> NoReturn:
    raise BadBundle(rule, f"bundle: {message}")


def _read(path: Path, most: int) -> bytes:
    try:
        # O_NONBLOCK: a FIFO put in place of the file must not hold us.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        _bad("file", f"cannot be opened: {error.strerror}")
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            _bad("file", "is not a regular file")
        chunks: list[bytes] = []
        left = most + 1
        while left > 0 and (chunk := os.read(descriptor, min(left, 1 << 20))):
            chunks.append(chunk)
            left -= len(chunk)
    finally:
        os.close(descriptor)
    if left <= 0:
        _bad("size", f"is larger than {most} bytes")
    data = b"".join(chunks)
    if not data:
        _bad("empty", "nothing was written")
    return data


# An unterminated string runs to the end: with this, every quote starts a match and the scan stays linear.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


def _measure(data: bytes, limits: BundleLimits) -> None:
    """Refuse deep or wide documents before any object is made of them."""
    depth = 0
    for values, token in enumerate(_TOKEN.finditer(data), 1):
        mark = data[token.start()]
        depth += (mark in b"[{") - (mark in b"]}")
        if depth > limits.depth:
            _bad("depth", f"nested deeper than {limits.depth}")
        if values > limits.values:
            _bad("values", f"more than {limits.values} values")


def _parse(data: bytes, limits: BundleLimits) -> Any:
    if len(data) > limits.json_bytes:
        _bad("size", f"is larger than {limits.json_bytes} bytes")
    _measure(data, limits)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) != len(items):
            _bad("duplicate", "an object has one key twice")
        return result

    def integer(digits: str) -> int:
        if len(digits) > 18:
            _bad("number", "an integer has more than 18 digits")
        return int(digits)

    def real(digits: str) -> float:
        value = float(digits[:64])
        if len(digits) > 64 or not math.isfinite(value):
            _bad("number", "a number is not finite or too long")
        return value

    def constant(word: str) -> NoReturn:
        _bad("number", f"{word} is not JSON")

    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=pairs,
            parse_int=integer,
            parse_float=real,
            parse_constant=constant,
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadBundle("json", f"bundle: is not JSON: {str(error)[:200]}") from None


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _bad("shape", f"{what} must be an object")
    return value


def _no_extras(value: dict[str, Any], known: set[str], what: str) -> None:
    if extras := sorted(set(value) - known):
        _bad("shape", f"{what} has an unknown field {extras[0][:100]!r}")


def _text(value: Any, what: str, most: int) -> str:
    if not isinstance(value, str):
        _bad("shape", f"{what} must be a string")
    if len(value) > most:
        _bad("size", f"{what} is longer than {most} characters")
    _encoded(value, what)
    return value


def _encoded(text: str, what: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        _bad("text", f"{what} holds a lone surrogate")


def _path(value: Any, limits: BundleLimits) -> str:
    if not isinstance(value, str):
        _bad("shape", "a path must be a string")
    if len(_encoded(value, "a path")) > limits.path_bytes:
        _bad("size", f"a path is longer than {limits.path_bytes} bytes")
    return value


def _files(entries: dict[str, Any], limits: BundleLimits) -> dict[str, FileEdit]:
    files: dict[str, FileEdit] = {}
    left = limits.content_bytes
    for name, value in entries.items():
        path = _path(name, limits)
        shown = repr(path[:100])
        entry = _object(value, f"file {shown}")
        _no_extras(entry, {"mode", "text", "base64"}, f"file {shown}")
        mode = entry.get("mode", "100644")
        if not isinstance(mode, str) or not re.fullmatch(r"[0-7]{6}", mode):
            _bad("mode", f"file {shown}: mode must be six octal digits")
        if ("text" in entry) == ("base64" in entry):
            _bad("shape", f"file {shown}: give either text or base64")
        data = _content(entry, shown)
        left -= len(data)
        if left < 0:
            _bad("size", f"the files hold more than {limits.content_bytes} bytes")
        files[path] = FileEdit(mode, data)
    return files


def _content(entry: dict[str, Any], shown: str) -> bytes:
    value = entry["text"] if "text" in entry else entry["base64"]
    if not isinstance(value, str):
        _bad("shape", f"file {shown}: content must be a string")
    if "text" in entry:
        return _encoded(value, f"file {shown}")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        _bad("base64", f"file {shown}: base64 is malformed")


def _deleted(value: Any, limits: BundleLimits) -> tuple[str, ...]:
    if not isinstance(value, list):
        _bad("shape", "deleted must be a list")
    paths = tuple(_path(item, limits) for item in value)
    if len(set(paths)) != len(paths):
        _bad("duplicate", "deleted names one path twice")
    return paths


def _notes(value: Any, what: str, limits: BundleLimits) -> tuple[str, ...]:
    if not isinstance(value, list):
        _bad("shape", f"{what} must be a list")
    if len(value) > limits.notes:
        _bad("size", f"{what} has more than {limits.notes} entries")
    return tuple(_text(item, f"one of {what}", limits.note_chars) for item in value)


def _calls(value: Any) -> int:
    usage = _object(value, "usage")
    calls = usage.get("calls", 0)
    if not isinstance(calls, int) or isinstance(calls, bool) or not 0 <= calls <= 1_000_000:
        _bad("shape", "usage.calls must be a count")
    return calls
