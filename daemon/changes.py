"""From an old tree and changed files to the facts of the decision `edit`. Pure.

Everything given here comes from a runner: paths are any text, contents any bytes. Entries that the host refuses by
itself (see `paths.py`) are listed under `unsafe`, which denies by a rule that no data can relax.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from daemon import paths
from daemon.secret_scan import find_secrets

MAX_FILES = 200
MAX_BYTES = 2_000_000
"""Of all added and changed files together."""
MAX_LINE_BYTES = 100_000
"""Longer lines cannot be reviewed, and slow every tool that reads them."""


class FileLike(Protocol):
    """A file of a tree: git mode and content."""

    @property
    def mode(self) -> str: ...
    @property
    def data(self) -> bytes: ...


@dataclass(frozen=True)
class _Text:
    """A file's lines; `binary` when it is no text, then without any."""

    lines: tuple[str, ...]
    binary: bool

    @classmethod
    def of(cls, data: bytes) -> _Text:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return cls((), True)
        return cls((), True) if "\0" in text else cls(tuple(text.split("\n")), False)


def edit_facts(
    base: Mapping[str, FileLike],
    changed: Mapping[str, FileLike],
    deleted: Collection[str],
    *,
    campaign: str,
    candidate: str,
    target: Mapping[str, Any],
) -> dict[str, Any]:
    """The input of the decision `edit`, without `decision_id`.

    `base` is the parent's tree, `changed` the files as they would become, `deleted` the paths to go; files that stay
    the same and deletions of nothing are no change. `target` is {name, kind, editable, protected}.
    """
    unsafe: list[dict[str, str]] = []
    changes: list[dict[str, Any]] = []
    secrets: list[dict[str, Any]] = []
    real = {path: file for path, file in changed.items() if not _same(base.get(path), file)}
    for path in sorted(set(deleted) | set(real), key=_shown)[:MAX_FILES]:
        try:
            parts = paths.segments(path)
        except paths.UnsafePathError as error:
            unsafe.append({"path": _shown(path), "rule": error.rule})
            continue
        if path in deleted and path in changed:
            unsafe.append({"path": path, "rule": "changed-and-deleted"})
        elif path in real:
            change, rules, found = _written(path, parts, base.get(path), real[path])
            changes.append(change)
            unsafe += [{"path": path, "rule": rule} for rule in rules]
            secrets += found
        elif path in base:
            changes.append(_removed(path, parts, base[path]))
    unsafe += _too_much(real, deleted)
    after = (set(base) - set(deleted)) | set(real)
    unsafe += [{"path": _shown(path), "rule": rule} for path, rule in paths.clashes(after, real)]
    return {
        "campaign": campaign,
        "candidate": candidate,
        "target": dict(target),
        "changes": changes,
        "totals": {
            "files": len(changes),
            "bytes": sum(change["size"] for change in changes),
            "added": sum(change["added"] for change in changes),
            "removed": sum(change["removed"] for change in changes),
        },
        "secrets": secrets,
        "unsafe": unsafe,
    }


def _same(old: FileLike | None, new: FileLike) -> bool:
    return old is not None and old.mode == new.mode and old.data == new.data


def _shown(path: str) -> str:
    """A path for people and JSON: ASCII, bounded."""
    return ascii(path)[1:-1][:200]


def _too_much(real: Mapping[str, FileLike], deleted: Collection[str]) -> Iterable[dict[str, str]]:
    if len(set(real) | set(deleted)) > MAX_FILES:
        yield {"path": "", "rule": "too-many-files"}
    if sum(len(file.data) for file in real.values()) > MAX_BYTES:
        yield {"path": "", "rule": "too-many-bytes"}


def _written(
    path: str, parts: tuple[str, ...], old: FileLike | None, new: FileLike
) -> tuple[dict[str, Any], list[str], list[dict[str, Any]]]:
    """The change, the host's objections, and what looks like a secret in the added lines."""
    before, after = _Text.of(old.data if old else b""), _Text.of(new.data)
    gone, come = Counter(before.lines), Counter(after.lines)
    added = come - gone
    rules = [] if len(new.mode) == 6 and new.mode.isdecimal() and new.mode.isascii() else ["mode"]
    if any(len(line) > MAX_LINE_BYTES for line in after.lines):
        rules.append("line-too-long")
    fresh = ((number, line) for number, line in enumerate(after.lines, 1) if line in added)
    found = [] if rules else [{"path": path, "line": line, "kind": kind} for line, kind in find_secrets(fresh)]
    change = {
        "op": "modify" if old else "add",
        "path": path,
        "segments": list(parts),
        "mode": new.mode if "mode" not in rules else "",
        "size": len(new.data),
        "added": added.total(),
        "removed": (gone - come).total() if old else 0,
        "binary": after.binary,
    }
    return change, rules, found


def _removed(path: str, parts: tuple[str, ...], old: FileLike) -> dict[str, Any]:
    text = _Text.of(old.data)
    return {
        "op": "delete",
        "path": path,
        "segments": list(parts),
        "mode": "",
        "size": 0,
        "added": 0,
        "removed": len(text.lines),
        "binary": False,
    }
