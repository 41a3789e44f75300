"""Old records that were let go: what stays of them, so that everything after still verifies.

Whole segments go, oldest first. Of their records the leaf hashes stay (`pruned.leaves`, 32 bytes each), under a signed
note of their own (`pruned`: origin with `/pruned` behind it, how many, their Merkle root): nobody without the key can
make records disappear. The pruning is a record itself. With the leaf hashes every root, old checkpoint and inclusion
proof can still be computed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from daemon.records.chain import MAX_LINE, BadRecord, Chain, record_of, segments
from daemon.records.files import sync_directory, write_durably
from daemon.records.merkle import Frontier
from daemon.records.notes import BadNote, Checkpoint, read_note, sign
from daemon.records.retention import SHORTEST_DAYS

NOTE, LEAVES = "pruned", "pruned.leaves"
SUFFIX = "/pruned"


class BadPruning(Exception):
    """Records are missing at the beginning, and no signed pruning accounts for them. The message says why."""


class Going(NamedTuple):
    """Segments that are old enough to go, and what is left of their records."""

    paths: tuple[Path, ...]
    first: int
    """Number of the first record that goes."""
    leaves: tuple[bytes, ...]
    oldest: str
    newest: str
    """Times of the first and the last record that go."""

    @property
    def size(self) -> int:
        """Number of the first record that stays."""
        return self.first + len(self.leaves)


def start(directory: Path, public: Ed25519PublicKey, first: int) -> tuple[Chain, list[bytes]]:
    """The chain before record `first`, the first that is there, and the leaf hashes of all before it.

    Raises BadPruning, OSError.
    """
    if first == 0:
        return Chain(), []
    note, leaves = directory / NOTE, directory / LEAVES
    if not (note.exists() and leaves.exists()):
        raise BadPruning(f"the log begins at record {first}, and no pruning was signed")
    try:
        signed = read_note(note.read_text(encoding="utf-8"), public)
    except (BadNote, UnicodeDecodeError) as error:
        raise BadPruning(f"the pruning note does not hold: {error}") from error
    kept = read_leaves(directory, signed.size)
    if (
        not signed.origin.endswith(SUFFIX)
        or sum(map(len, kept)) < signed.size * 32
        or _frontier(kept).root() != signed.root
    ):
        raise BadPruning("what is left of the pruned records is not what was signed")
    if first > signed.size:
        raise BadPruning(f"the log begins at record {first}, but only {signed.size} were pruned")
    kept = kept[:first]
    return Chain(_frontier(kept), kept[-1].hex()), kept


def read_leaves(directory: Path, size: int) -> list[bytes]:
    """What is left of the first `size` pruned records: their leaf hashes, unchecked, and as many as are there.

    Raises OSError.
    """
    data = (directory / LEAVES).read_bytes()[: 32 * size]
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def going(directory: Path, public: Ed25519PublicKey, days: int, now: datetime | None = None) -> Going | None:
    """The oldest segments whose records are all older than `days`; never the last one. None when there are none.

    Raises BadPruning, BadRecord (a log that is not sound is not pruned), OSError.
    """
    if days < SHORTEST_DAYS:
        raise ValueError(f"audit: records are kept for {SHORTEST_DAYS} days at least, not {days}")
    before = ((now or datetime.now(UTC)) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    found = segments(directory)
    chain, _ = start(directory, public, found[0][0]) if found else (Chain(), [])
    first, leaves, gone, oldest, newest = chain.size, list[bytes](), list[Path](), "", ""
    for at, path in found[:-1]:
        if at != chain.size:
            raise BadRecord(chain.size, f"segment {path.name} does not begin with it")
        fresh, last = _leaves(path, chain)
        if last["time"] >= before:
            break
        oldest = oldest or str(fresh[0][1])
        newest = str(last["time"])
        leaves += [leaf for leaf, _ in fresh]
        gone.append(path)
    return Going(tuple(gone), first, tuple(leaves), oldest, newest) if gone else None


def keep_leaves(directory: Path, key: Ed25519PrivateKey, origin: str, what: Going) -> Checkpoint:
    """Make what stays of the records durable and signed, before they go. Raises BadPruning, OSError."""
    _, before = start(directory, key.public_key(), what.first)
    leaves = [*before, *what.leaves]
    write_durably(directory / LEAVES, b"".join(leaves))
    signed = Checkpoint(origin + SUFFIX, len(leaves), _frontier(leaves).root())
    write_durably(directory / NOTE, sign(signed, key).encode())
    return signed


def let_go(directory: Path, what: Going) -> None:
    """Remove the segments, oldest first, so that a crash in between leaves a log without holes. Raises OSError."""
    for path in what.paths:
        path.unlink()
    sync_directory(directory)


def _frontier(leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier


def _leaves(path: Path, chain: Chain) -> tuple[list[tuple[bytes, str]], dict[str, str]]:
    """Leaf hashes (and, for the first, its time) of a whole segment, and its last record."""
    found: list[tuple[bytes, str]] = []
    line = b""
    with path.open("rb") as file:
        while fresh := file.readline(MAX_LINE):
            line = fresh
            chain.take(line)
            found.append((bytes.fromhex(chain.prev), "" if found else str(record_of(line)["time"])))
    if not found:
        raise BadRecord(chain.size, f"segment {path.name} is empty")
    return found, record_of(line)
