"""Finding records in an audit log without parsing all of it. Reads only, and checks nothing: see `verify` for that."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daemon.records.chain import MAX_LINE, record_of, segments

DECISION = "decision"


def decision(directory: Path, decision_id: str) -> dict[str, Any] | None:
    """The record of a decision, by its id or the beginning of it. Raises LookupError when two begin so, OSError."""
    found: dict[str, dict[str, Any]] = {}
    for line in _lines(directory, decision_id):
        record = record_of(line)
        if record["kind"] == DECISION and str(record["body"].get("decision_id", "")).startswith(decision_id):
            found[record["body"]["decision_id"]] = record
    if len(found) > 1 and decision_id not in found:
        raise LookupError(f"{len(found)} decisions begin with {decision_id!r}")
    return found.get(decision_id) or next(iter(found.values()), None)


def newest_decisions(directory: Path, count: int) -> list[dict[str, Any]]:
    """The last `count` decisions, the oldest of them first. Raises OSError."""
    kept: deque[dict[str, Any]] = deque()
    for _, path in reversed(segments(directory)):
        found = (record_of(line) for line in _matching(path, b'"kind":"decision"'))
        newest = deque((record for record in found if record["kind"] == DECISION), maxlen=count - len(kept))
        kept.extendleft(reversed(newest))
        if len(kept) >= count:
            break
    return list(kept)


def of_candidate(directory: Path, candidate: str) -> Iterator[dict[str, Any]]:
    """The candidate's records, in order. Raises OSError."""
    for line in _lines(directory, candidate):
        record = record_of(line)
        if record["candidate"] == candidate:
            yield record


def mentioning(directory: Path, text: str) -> Iterator[dict[str, Any]]:
    """The records in which `text` stands anywhere, in order. Raises OSError."""
    return map(record_of, _lines(directory, text))


def _lines(directory: Path, text: str) -> Iterator[bytes]:
    """The lines in which `text` stands as part of a JSON text."""
    needle = json.dumps(text, ensure_ascii=False)[1:-1].encode()
    for _, path in segments(directory):
        yield from _matching(path, needle)


def _matching(path: Path, needle: bytes) -> Iterator[bytes]:
    with path.open("rb") as file:
        while (line := file.readline(MAX_LINE)).endswith(b"\n"):
            if needle in line:
                yield line
