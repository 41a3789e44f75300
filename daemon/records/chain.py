"""One line of the audit log, and the chain that the lines form. Pure: no files, no keys.

A line is `{"hash":"<hex>","record":<record>}` and a newline, where `<record>` is canonical JSON with the fields actor,
body, campaign, candidate, kind, mono_ns, prev, seq and time, and `hash` is the record's RFC 6962 leaf hash:
SHA-256(0x00 || record bytes). `prev` is the hash of the line before (64 zeros at seq 0). So each line is canonical JSON
as a whole, and one hash serves the chain and the tree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from daemon.records.canonical import canonical
from daemon.records.merkle import Frontier

GENESIS = "0" * 64
MAX_BODY = 256 * 1024
MAX_LINE = MAX_BODY + 64 * 1024
_OPEN, _MIDDLE, _CLOSE = b'{"hash":"', b'","record":', b"}\n"
_HASH_AT = len(_OPEN)
_MIDDLE_AT = _HASH_AT + 64
_RECORD_AT = _MIDDLE_AT + len(_MIDDLE)
_TAIL = re.compile(rb'"prev":"([0-9a-f]{64})","seq":(0|[1-9][0-9]{0,17}),"time":"[0-9]{4}-[0-9T:.-]{21}Z"\}\Z')
_TAIL_BYTES = 160
_SEGMENT = re.compile(r"[0-9]{16}\.jsonl")
_FIELDS = frozenset(("actor", "body", "campaign", "candidate", "kind", "mono_ns", "prev", "seq", "time"))


class BadRecord(Exception):
    """The line at `seq` is not the record that belongs there."""

    def __init__(self, seq: int, problem: str) -> None:
        super().__init__(f"record {seq}: {problem}")
        self.seq, self.problem = seq, problem


class Sealed(NamedTuple):
    """A finished line with its leaf hash."""

    line: bytes
    leaf: bytes


def head(kind: str, actor: str, campaign: str, candidate: str, body: dict[str, Any]) -> bytes:
    """The part of a record that does not depend on its place. Raises ValueError (`canonical`; body over 256 KiB)."""
    inside = canonical(body)
    if len(inside) > MAX_BODY:
        raise ValueError(f"audit: a body of {len(inside)} bytes is over {MAX_BODY}; put it in the blob store")
    begin = canonical({"actor": actor})[:-1] + b',"body":' + inside
    rest = canonical({"campaign": campaign, "candidate": candidate, "kind": kind})[1:-1]
    return begin + b"," + rest


def seal(begin: bytes, seq: int, prev: str, time: str, mono_ns: int) -> Sealed:
    """The line for a record whose `head` is `begin`."""
    record = b'%b,"mono_ns":"%d","prev":"%b","seq":%d,"time":"%b"}' % (
        begin,
        mono_ns,
        prev.encode(),
        seq,
        time.encode(),
    )
    leaf = sha256(b"\x00" + record).digest()
    return Sealed(_OPEN + leaf.hex().encode() + _MIDDLE + record + _CLOSE, leaf)


def record_of(line: bytes) -> dict[str, Any]:
    """The record in a line, with its `hash`. Checks the form only. Raises ValueError."""
    outer = json.loads(line)
    record = outer["record"] if isinstance(outer, dict) and set(outer) == {"hash", "record"} else None
    if not isinstance(record, dict) or set(record) != _FIELDS:
        raise ValueError("audit: a line without a record in it")
    return {**record, "hash": outer["hash"]}


def hash_in(line: bytes) -> bytes:
    """The leaf hash that a line states, unchecked. Raises ValueError when there is none."""
    return bytes.fromhex(line[_HASH_AT:_MIDDLE_AT].decode("ascii", "replace"))


class Chain:
    """The chain up to some record: how many, the last hash, and the tree over them."""

    def __init__(self, frontier: Frontier | None = None, prev: str = GENESIS) -> None:
        self.frontier = frontier or Frontier()
        self.prev = prev

    @property
    def size(self) -> int:
        """Number of records so far: the seq of the next."""
        return self.frontier.size

    def add(self, begin: bytes, time: str, mono_ns: int) -> Sealed:
        """Seal the next record and go on behind it."""
        sealed = seal(begin, self.size, self.prev, time, mono_ns)
        self.frontier.append(sealed.leaf)
        self.prev = sealed.leaf.hex()
        return sealed

    def take(self, line: bytes) -> bytes:
        """Check that `line` is the next record, go on behind it, and return the record's bytes. Raises BadRecord."""
        seq = self.frontier.size
        if not (line.startswith(_OPEN) and line[_MIDDLE_AT:_RECORD_AT] == _MIDDLE and line.endswith(_CLOSE)):
            raise BadRecord(seq, "the line is not a whole record")
        record = line[_RECORD_AT:-2]
        leaf = sha256(b"\x00" + record).digest()
        digest = leaf.hex()
        if digest.encode() != line[_HASH_AT:_MIDDLE_AT]:
            raise BadRecord(seq, "its contents do not fit its hash")
        tail = _TAIL.search(record[-_TAIL_BYTES:])
        if tail is None:
            raise BadRecord(seq, "it does not end in prev, seq and time")
        if int(tail[2]) != seq:
            raise BadRecord(seq, f"record {int(tail[2])} stands in its place")
        if tail[1].decode() != self.prev:
            raise BadRecord(seq, "it does not follow the record before it")
        self.frontier.append(leaf)
        self.prev = digest
        return record

    def copy(self) -> Chain:
        """A chain that grows on its own."""
        return Chain(self.frontier.copy(), self.prev)


def segment_name(first_seq: int) -> str:
    """File name of the segment that begins with this record."""
    return f"{first_seq:016d}.jsonl"


def segments(directory: Path) -> list[tuple[int, Path]]:
    """The log's segments in order: number of the first record, path. Raises OSError."""
    found = [path for path in directory.iterdir() if _SEGMENT.fullmatch(path.name)]
    return sorted((int(path.stem), path) for path in found)


def records(directory: Path, *, start: int = 0) -> Iterator[dict[str, Any]]:
    """The records from `start` on, as far as they are whole, without checking the chain (see `verify` for that)."""
    found = segments(directory)
    for (_, path), following in zip(found, [*found[1:], None], strict=True):
        if following is not None and following[0] <= start:
            continue
        with path.open("rb") as file:
            while (line := file.readline(MAX_LINE)).endswith(b"\n"):
                record = record_of(line)
                if record["seq"] >= start:
                    yield record
