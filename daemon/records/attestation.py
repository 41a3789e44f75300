"""A promotion as a signed in-toto statement that anyone can check with the public key alone, without log or daemon.

The statement (in-toto Statement v1, in a DSSE envelope) names the promoted commit and tree, and holds the evidence, the
decision with its policy revision, and who approved. It carries the promotion's own audit record with an RFC 6962 proof
that the record is in the log under a signed checkpoint: what it says was said then, not made up for the statement.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daemon.records import dsse
from daemon.records.canonical import canonical
from daemon.records.chain import MAX_LINE, BadRecord, segments
from daemon.records.keys import load_signing_key
from daemon.records.lookup import of_candidate
from daemon.records.merkle import BadProof, inclusion_proof, leaf_hash, verify_inclusion
from daemon.records.notes import BadNote, Checkpoint, read_note, split_notes
from daemon.records.pruning import BadPruning, start
from daemon.records.recovery import CHECKPOINTS

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:ratchet:promotion:1"
PROMOTED = "promote.outcome"


class NotAttested(Exception):
    """No statement can be made; the message says why."""


class BadAttestation(Exception):
    """A statement that does not hold; the message says where."""


class Facts(NamedTuple):
    """What the log says about one promotion."""

    outcome: dict[str, Any]
    decided: dict[str, Any]
    decision: dict[str, Any]


def attest(directory: Path, signing_key: Path, candidate: str) -> str:
    """The signed envelope for a candidate's last promotion.

    Raises NotAttested (not promoted, not under a checkpoint yet, a log that is not sound), BadKey, OSError.
    """
    key = load_signing_key(signing_key)
    facts = _facts(directory, candidate)
    seq = int(facts.outcome["seq"])
    note, checkpoint = _checkpoint(directory, key.public_key(), seq)
    record, proof = _proof(directory, key.public_key(), checkpoint, seq)
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": _subject(candidate, facts.decided["body"]),
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            **_predicate(facts),
            "audit": {"checkpoint": note, "proof": [_encode(part) for part in proof], "record": record.decode()},
        },
    }
    return dsse.seal(PAYLOAD_TYPE, canonical(statement), key)


def check(envelope: str, public: Ed25519PublicKey) -> dict[str, Any]:
    """The statement in an envelope, when signature, checkpoint and proof hold and all speak of one promotion.

    Needs nothing but the envelope and the public key. Raises BadAttestation.
    """
    try:
        statement: Any = json.loads(dsse.open_envelope(envelope, PAYLOAD_TYPE, public))
        if statement["_type"] != STATEMENT_TYPE or statement["predicateType"] != PREDICATE_TYPE:
            raise BadAttestation("it is no statement about a promotion")
        predicate, audit = statement["predicate"], statement["predicate"]["audit"]
        checkpoint = read_note(audit["checkpoint"], public)
        text = audit["record"].encode()
        record = json.loads(text)
        proof = [base64.b64decode(part, validate=True) for part in audit["proof"]]
        verify_inclusion(leaf_hash(text), int(record["seq"]), checkpoint.size, proof, checkpoint.root)
        names = {one["name"] for one in statement["subject"]}
        same = record["candidate"] == predicate["candidate"] and names == {predicate["candidate"]}
        if record["kind"] != PROMOTED or not same or record["body"]["decision"] != predicate["decision"]["id"]:
            raise BadAttestation("its audit record is about something else")
    except (dsse.BadEnvelope, BadNote, BadProof) as error:
        raise BadAttestation(str(error)) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadAttestation(f"it does not have the form of a promotion's statement ({error!r})") from error
    return dict(statement)


def _facts(directory: Path, candidate: str) -> Facts:
    outcome: dict[str, Any] | None = None
    decided: dict[str, Any] | None = None
    decisions: dict[str, dict[str, Any]] = {}
    for record in of_candidate(directory, candidate):
        if record["kind"] == PROMOTED:
            outcome = record
        elif record["kind"] == "candidate.decided":
            decided = record
        elif record["kind"] == "decision":
            decisions[record["body"]["decision_id"]] = record
    if outcome is None:
        raise NotAttested(f"{candidate} was never promoted, as far as the audit log knows")
    decision = decisions.get(outcome["body"]["decision"])
    if decided is None or decision is None:
        raise NotAttested(f"{candidate} is promoted but not decided yet; try again when its path has ended")
    return Facts(outcome, decided, decision)


def _subject(candidate: str, decided: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": candidate, "digest": {"gitCommit": decided["commit"], "gitTree": decided["tree"]}}]


def _predicate(facts: Facts) -> dict[str, Any]:
    outcome, decided, decision = facts.outcome["body"], facts.decided["body"], facts.decision["body"]
    asked = decision["input"]
    measured = ("verdict", "score", "gain", "low", "high", "pairs", "e_value", "threshold")
    return {
        "campaign": facts.outcome["campaign"],
        "candidate": facts.outcome["candidate"],
        "target": asked["target"],
        "parent": decided["parent"],
        "previous": outcome["previous"],
        "promoted": facts.outcome["time"],
        "started_by": asked["started_by"],
        "evidence": {name: decided[name] for name in measured},
        "sealed": {name: outcome[name] for name in ("gain", "low", "high")},
        "decision": {"id": decision["decision_id"], "revision": decision["revision"]},
        "approvals": [one["by"] for one in asked["approvals"] if one["verified"]],
    }


def _checkpoint(directory: Path, public: Ed25519PublicKey, seq: int) -> tuple[str, Checkpoint]:
    """The first signed checkpoint over the record."""
    path = directory / CHECKPOINTS
    try:
        notes, _ = split_notes(path.read_bytes() if path.exists() else b"")
        for note in notes:
            checkpoint = read_note(note, public)
            if checkpoint.size > seq:
                return note, checkpoint
    except BadNote as error:
        raise NotAttested(f"the checkpoints do not hold: {error}") from error
    raise NotAttested("no checkpoint is signed over the promotion yet; one comes within a minute")


def _proof(directory: Path, public: Ed25519PublicKey, checkpoint: Checkpoint, seq: int) -> tuple[bytes, list[bytes]]:
    """The record's bytes and its inclusion proof, from a log that holds what the checkpoint says."""
    kept = b""
    try:
        found = segments(directory)
        chain, leaves = start(directory, public, found[0][0] if found else 0)
        for _, path in found:
            with path.open("rb") as file:
                while chain.size < checkpoint.size and (line := file.readline(MAX_LINE)):
                    record = chain.take(line)
                    leaves.append(bytes.fromhex(chain.prev))
                    kept = record if chain.size == seq + 1 else kept
    except (BadRecord, BadPruning) as bad:
        raise NotAttested(f"the audit log is not sound: {bad}") from bad
    if chain.size != checkpoint.size or chain.frontier.root() != checkpoint.root:
        raise NotAttested("the audit log does not hold what its checkpoint says; see `ratchet audit verify`")
    return kept, inclusion_proof(seq, leaves)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
