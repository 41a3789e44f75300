"""Checking an audit log from its files and a public key alone: no daemon, no network, no private key.

What it proves: every record up to the last signed checkpoint is as it was signed, none missing, none added, in order.
What it cannot prove alone: that nothing was cut off together with its checkpoints. Checkpoints kept outside (notes,
given as `outside`) close that gap, and a witness's word on them (`witness`) the other one: that somebody else was shown
another log under the same name. Of records that were pruned only the hashes are left; they are checked as the others
are, for their roots. Records behind the last checkpoint (at most 1,000, or 60 s) are checked for
their chain only, and a log that is being written may end in half a line there.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daemon.records.chain import MAX_LINE, BadRecord, Chain, record_of, segments
from daemon.records.cosignatures import WitnessKey, cosigned_at
from daemon.records.keys import BadKey, load_public_key
from daemon.records.notes import BadNote, Checkpoint, read_note, split_notes
from daemon.records.outside import split
from daemon.records.pruning import BadPruning, start
from daemon.records.recovery import CHECKPOINTS


class Report(NamedTuple):
    """What was found.

    `first_bad` is the seq of the first bad or missing record. Where a whole stretch was rewritten so that it fits
    together, only the next checkpoint tells; then it is the first record of that stretch, and `problem` names both
    ends. None when the fault is not in the records (the key, the checkpoints file).
    """

    ok: bool
    records: int
    """Good records from the start."""
    signed: int
    """How many of them a checkpoint vouches for."""
    checkpoints: int
    first_bad: int | None
    problem: str
    """Empty when ok; else one sentence."""
    root: str
    """Merkle root over the good records, hex."""
    remarks: tuple[str, ...] = ()
    pruned: int = 0
    """How many of the records were let go, by a signed pruning; they are among `records`."""
    cosigned: int = 0
    """How many of them the witness vouched for, when one was asked for."""


def verify(
    directory: Path, public_key: Path | Ed25519PublicKey, *, outside: str = "", witness: WitnessKey | None = None
) -> Report:
    """Check the whole log. `outside` is the text of checkpoint notes kept elsewhere. Never raises for a bad log.

    With `witness` each of them has to bear its cosignature, and there has to be one.
    """
    check = _Check(directory, witness)
    try:
        key = load_public_key(public_key) if isinstance(public_key, Path) else public_key
        # Checkpoints are read before the records: a log that grows meanwhile holds at least what they say.
        check.read_checkpoints(key, outside)
        check.read_segments(key)
    except BadRecord as bad:
        return check.report(bad.seq, bad.problem)
    except (BadKey, BadNote) as error:
        return check.report(None, str(error))
    except OSError as error:
        return check.report(None, f"cannot read {error.filename}: {error.strerror}")
    return check.report(None, "")


class _Check:
    def __init__(self, directory: Path, witness: WitnessKey | None = None) -> None:
        self._directory = directory
        self._witness = witness
        self._cosigned = 0
        self._chain = Chain()
        self._expected: list[tuple[Checkpoint, str]] = []
        self._notes = 0
        self._signed = 0
        self._remarks: list[str] = []
        self.pruned = 0

    def read_checkpoints(self, key: Ed25519PublicKey, outside: str) -> None:
        path = self._directory / CHECKPOINTS
        notes, cut = split_notes(path.read_bytes() if path.exists() else b"")
        if cut:
            self._remarks.append("the last checkpoint is half written")
        for number, note in enumerate(notes, 1):
            try:
                self._expected.append((read_note(note, key), f"checkpoint {number}"))
            except BadNote as error:
                raise BadNote(f"checkpoint {number}: {error}") from error
        sizes = [checkpoint.size for checkpoint, _ in self._expected]
        if sizes != sorted(sizes):
            raise BadNote("the checkpoints are out of order")
        self._notes = len(notes)
        for number, note in enumerate(kept := split(outside), 1):
            try:
                self._expected.append((self._vouched(note, key), "the checkpoint from outside"))
            except BadNote as error:
                if 1 < number == len(kept) and not outside.endswith("\n\n"):
                    self._remarks.append("the last checkpoint from outside is half written")
                    continue
                raise BadNote(f"the checkpoint from outside: {error}") from error
        if self._witness and not self._cosigned:
            raise BadNote(f"nothing from outside bears a cosignature of {self._witness.name}")
        if not self._expected:
            raise BadNote("there is no signed checkpoint, so nothing vouches for the records")
        if len({checkpoint.origin for checkpoint, _ in self._expected}) > 1:
            raise BadNote("the checkpoints belong to different logs")
        self._expected.sort(key=lambda item: item[0].size, reverse=True)

    def _vouched(self, note: str, key: Ed25519PublicKey) -> Checkpoint:
        """A checkpoint from outside; with the witness's word, where that is asked for."""
        checkpoint = read_note(note, key)
        if self._witness:
            cosigned_at(note, checkpoint, self._witness)
            self._cosigned = max(self._cosigned, checkpoint.size)
        return checkpoint

    def read_segments(self, key: Ed25519PublicKey) -> None:
        found = segments(self._directory)
        self._read_pruned(key, found[0][0] if found else 0)
        for number, (first, path) in enumerate(found):
            if first != self._chain.size:
                raise BadRecord(self._chain.size, f"segment {path.name} does not begin with it")
            self._read_segment(path, last=number == len(found) - 1)
        self._compare()
        if self._expected:
            checkpoint, name = self._expected[-1]
            raise BadRecord(self._chain.size, f"it is missing: {name} vouches for {checkpoint.size} records")

    def _read_pruned(self, key: Ed25519PublicKey, first: int) -> None:
        """Go over what is left of pruned records, as far as roots were signed for them."""
        try:
            chain, leaves = start(self._directory, key, first)
        except BadPruning as error:
            raise BadRecord(0, str(error)) from error
        self.pruned = len(leaves)
        due = self._compare()
        for leaf in leaves:
            self._chain.frontier.append(leaf)
            if self._chain.size == due:
                due = self._compare()
        self._chain.prev = chain.prev

    def _read_segment(self, path: Path, *, last: bool) -> None:
        chain = self._chain
        due = self._compare()
        with path.open("rb", buffering=1 << 20) as file:
            while line := file.readline(MAX_LINE):
                if last and not line.endswith(b"\n") and len(line) < MAX_LINE and not self._expected:
                    self._remarks.append(f"record {chain.size} is half written, behind the last checkpoint")
                    return
                chain.take(line)
                try:
                    record_of(line)
                except ValueError:
                    raise BadRecord(chain.size - 1, "it is no JSON with the fields of a record") from None
                if chain.size == 1:
                    self._check_origin(line)
                if chain.size == due:
                    due = self._compare()

    def _compare(self) -> int:
        """Compare the root with the checkpoints for this size; returns the size of the next one (-1: none)."""
        while self._expected and self._expected[-1][0].size <= self._chain.size:
            checkpoint, name = self._expected.pop()
            if checkpoint.root != self._chain.frontier.root():
                where = f"{name} over {checkpoint.size} records has another root"
                raise BadRecord(
                    self._signed, f"one of records {self._signed} to {checkpoint.size - 1} was changed: {where}"
                )
            self._signed = checkpoint.size
        return self._expected[-1][0].size if self._expected else -1

    def _check_origin(self, line: bytes) -> None:
        origins = {checkpoint.origin for checkpoint, _ in self._expected}
        try:
            origin = record_of(line)["body"]["origin"]
        except (ValueError, KeyError, TypeError):
            origin = None
        if origins and origin not in origins:
            raise BadRecord(0, "the log's own name is not the one that was signed")

    def report(self, first_bad: int | None, problem: str) -> Report:
        chain = self._chain
        root = chain.frontier.root().hex()
        if self._witness and self._cosigned < chain.size:
            self._remarks.append(f"the witness vouched for {self._cosigned} of {chain.size} records")
        return Report(
            not problem,
            chain.size,
            self._signed,
            self._notes,
            first_bad,
            problem,
            root,
            tuple(self._remarks),
            self.pruned,
            self._cosigned,
        )
