"""Opening an audit log that is already there: find its end, set aside what a crash cut short, refuse what is not ours.

`resume.json` only saves time: it is believed when it leads to the signed root, else the log is read whole.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daemon.records.canonical import canonical
from daemon.records.chain import MAX_LINE, BadRecord, Chain, record_of, segment_name, segments
from daemon.records.files import make_private, sync_directory, write_durably
from daemon.records.merkle import Frontier
from daemon.records.notes import BadNote, Checkpoint, read_note, split_notes
from daemon.records.pruning import BadPruning, start

CHECKPOINTS = "checkpoints"
RESUME = "resume.json"
TORN = "torn"
_UNRECORDED = ".new"


class Damaged(Exception):
    """The log does not hold what was signed: it must not be written on. The message says where."""


class Place(NamedTuple):
    """Where the log ends: chain, file of the last segment, bytes in it, and the last signed checkpoint."""

    chain: Chain
    segment: Path
    offset: int
    signed: Checkpoint | None


def recover(directory: Path, public: Ed25519PublicKey) -> Place:
    """Find the end of the log in `directory`; afterwards every file ends with a whole record or note.

    Raises Damaged, OSError.
    """
    signed = _last_checkpoint(directory, public)
    found = segments(directory)
    if not found:
        if signed is not None:
            raise Damaged(f"{signed.size} records were signed, but there are no segments")
        return Place(Chain(), directory / segment_name(0), 0, None)
    try:
        chain, path, offset = _hint(directory, signed) or (start(directory, public, found[0][0])[0], found[0][1], 0)
    except BadPruning as error:
        raise Damaged(str(error)) from error
    for first, segment in found:
        if segment < path:
            continue
        if segment != path:
            if first != chain.size:
                raise Damaged(f"segment {segment.name} does not begin at record {chain.size}")
            path, offset = segment, 0
        whole = _read(path, offset, chain)
        if path.stat().st_size > whole:
            if segment != found[-1][1] or (signed and chain.size < signed.size):
                raise Damaged(f"record {chain.size} is damaged, though it was followed by others or signed")
            _set_aside(directory, path, whole, f"{chain.size:016d}")
        offset = whole
    if signed and chain.size < signed.size:
        raise Damaged(f"{signed.size} records were signed, but only {chain.size} are there")
    if signed is None and chain.size > 1:
        raise Damaged(f"there are {chain.size} records, but no signed checkpoint")
    return Place(chain, path, offset, signed)


def write_hint(directory: Path, place: Place) -> None:
    """Remember a checkpoint's place, to start quickly the next time. Raises OSError."""
    hint = {
        "offset": place.offset,
        "roots": [root.hex() for root in place.chain.frontier.roots],
        "segment": place.segment.name,
        "size": place.chain.size,
    }
    fresh = directory / (RESUME + ".new")
    fresh.write_bytes(canonical(hint))
    fresh.replace(directory / RESUME)


def set_aside(directory: Path) -> list[Path]:
    """What was set aside and is not recorded yet."""
    return sorted((directory / TORN).glob("*" + _UNRECORDED)) if (directory / TORN).is_dir() else []


def mark_recorded(path: Path) -> None:
    """Call when a set-aside file is in the log."""
    path.replace(path.with_name(path.name.removesuffix(_UNRECORDED)))


def _last_checkpoint(directory: Path, public: Ed25519PublicKey) -> Checkpoint | None:
    path = directory / CHECKPOINTS
    data = path.read_bytes() if path.exists() else b""
    try:
        notes, rest = split_notes(data)
        last = read_note(notes[-1], public) if notes else None
    except BadNote as error:
        raise Damaged(f"{CHECKPOINTS}: {error}") from error
    if rest:
        _set_aside(directory, path, len(data) - len(rest), CHECKPOINTS)
    elif data and not data.endswith(b"\n\n"):
        with path.open("ab") as file:
            file.write(b"\n")
            file.flush()
            os.fsync(file.fileno())
    return last


def _hint(directory: Path, signed: Checkpoint | None) -> tuple[Chain, Path, int] | None:
    if signed is None:
        return None
    try:
        hint = json.loads((directory / RESUME).read_bytes())
        frontier = Frontier(int(hint["size"]), [bytes.fromhex(root) for root in hint["roots"]])
        path, offset = directory / str(hint["segment"]), int(hint["offset"])
        if frontier.size != signed.size or frontier.root() != signed.root or path.name != Path(path.name).name:
            return None
        with path.open("rb") as file:
            begin = max(0, offset - MAX_LINE)
            file.seek(begin)
            lines = file.read(offset - begin).splitlines(keepends=True)
        last = record_of(lines[-1])
        probe = Chain(Frontier(signed.size - 1, [b"\0" * 32] * (signed.size - 1).bit_count()), str(last["prev"]))
        probe.take(lines[-1])
    except (OSError, ValueError, KeyError, TypeError, IndexError, BadRecord):
        return None
    return Chain(frontier, probe.prev), path, offset


def _read(path: Path, offset: int, chain: Chain) -> int:
    """Follow the chain through a segment from `offset`; returns the offset behind the last good record."""
    with path.open("rb") as file:
        file.seek(offset)
        while line := file.readline(MAX_LINE):
            try:
                chain.take(line)
            except BadRecord:
                break
            offset += len(line)
    return offset


def _set_aside(directory: Path, path: Path, whole: int, name: str) -> None:
    """Move what is behind `whole` bytes into its own file, durably, before it is cut off here."""
    with path.open("rb+") as file:
        file.seek(whole)
        rest = file.read()
        make_private(directory / TORN)
        digest = hashlib.sha256(rest).hexdigest()
        write_durably(directory / TORN / f"{name}-{digest[:16]}{_UNRECORDED}", rest)
        sync_directory(directory)
        file.truncate(whole)
        os.fsync(file.fileno())
