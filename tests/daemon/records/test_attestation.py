"""A promotion's statement is checked with a public key alone; whatever is changed in it shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.records import attestation, dsse
from daemon.records.attestation import BadAttestation, NotAttested, attest, check
from daemon.records.audit import AuditLog
from daemon.records.canonical import canonical
from daemon.records.chain import segments
from daemon.records.keys import ensure_signing_key, load_public_key, load_signing_key, public_path

NUMBERS: dict[str, Any] = {"gain": 0.5, "low": 0.4, "high": 0.6}


def tell(audit: AuditLog, candidate: str, *, promoted: bool = True) -> None:
    """The records of one candidate's end."""
    names: dict[str, Any] = {"campaign": "k", "candidate": candidate}
    asked = {
        "target": {"name": "matmul", "kind": "kernel", "integrity": "isolated"},
        "approvals": [{"by": "ana", "verified": True}, {"by": "eve", "verified": False}],
        "started_by": "bob",
    }
    decision = {"decision_id": f"d-{candidate}", "revision": "r" * 64, "input": asked}
    audit.append("decision", actor="gate", body=decision, **names)
    if promoted:
        outcome = {"previous": "k-c0", "decision": f"d-{candidate}", **NUMBERS}
        audit.append("promote.outcome", actor="daemon", body=outcome, **names)
    measured = {"verdict": "accepted", "score": 1.0, "pairs": 12, "e_value": 99.0, "threshold": 40.0, **NUMBERS}
    where = {"parent": "k-c0", "tree": "a" * 40, "commit": "b" * 40, "promoted": promoted, "reasons": []}
    audit.append("candidate.decided", actor="daemon", body={**measured, **where}, **names)


@pytest.fixture
def log(tmp_path: Path, key: Path) -> Path:
    folder = tmp_path / "audit"
    with AuditLog(folder, key, segment_bytes=1500) as audit:
        for at in range(7):
            tell(audit, f"k-c{at}", promoted=at != 3)
    return folder


def test_a_statement_holds_by_the_public_key_alone(log: Path, key: Path, tmp_path: Path) -> None:
    envelope = attest(log, key, "k-c5")
    log.rename(tmp_path / "gone")
    statement = check(envelope, load_public_key(public_path(key)))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": "k-c5", "digest": {"gitCommit": "b" * 40, "gitTree": "a" * 40}}]
    predicate = statement["predicate"]
    assert predicate["approvals"] == ["ana"]
    assert predicate["decision"] == {"id": "d-k-c5", "revision": "r" * 64}
    assert (predicate["sealed"], predicate["started_by"]) == (NUMBERS, "bob")


@pytest.mark.parametrize("candidate", [f"k-c{at}" for at in range(7) if at != 3])
def test_each_promotion_has_its_own(log: Path, key: Path, candidate: str) -> None:
    assert check(attest(log, key, candidate), load_public_key(public_path(key)))["predicate"]["candidate"] == candidate


def test_what_was_not_promoted_is_not_attested(log: Path, key: Path) -> None:
    for candidate in ("k-c3", "nosuch"):
        with pytest.raises(NotAttested, match="never promoted"):
            attest(log, key, candidate)


def test_a_promotion_needs_a_checkpoint_over_it(tmp_path: Path, key: Path) -> None:
    with AuditLog(tmp_path / "audit", key) as audit:
        tell(audit, "k-c1")
        with pytest.raises(NotAttested, match="no checkpoint"):
            attest(tmp_path / "audit", key, "k-c1")
        audit.checkpoint()
        assert attest(tmp_path / "audit", key, "k-c1")


def test_an_unsound_log_is_not_attested(log: Path, key: Path) -> None:
    first = segments(log)[0][1]
    first.write_bytes(first.read_bytes().replace(b'"score":1', b'"score":9', 1))
    with pytest.raises(NotAttested, match="not sound"):
        attest(log, key, "k-c5")


def _other_record(statement: dict[str, Any]) -> None:
    record = json.loads(statement["predicate"]["audit"]["record"])
    statement["predicate"]["audit"]["record"] = canonical({**record, "candidate": "k-c9"}).decode()


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another candidate": lambda s: s["predicate"].update(candidate="k-c2"),
    "another subject": lambda s: s["subject"][0].update(name="k-c2"),
    "another decision": lambda s: s["predicate"]["decision"].update(id="x"),
    "no proof": lambda s: s["predicate"]["audit"].update(proof=[]),
    "a false proof": lambda s: s["predicate"]["audit"]["proof"].__setitem__(0, "AAAA"),
    "a changed record": _other_record,
    "no checkpoint": lambda s: s["predicate"]["audit"].update(checkpoint=""),
    "no audit part": lambda s: s["predicate"].pop("audit"),
    "another predicate": lambda s: s.update(predicateType="urn:x"),
    "a list": lambda s: s.update(predicate=[]),
}


@pytest.mark.parametrize("lie", LIES)
def test_even_the_key_s_owner_cannot_sign_what_the_log_does_not_hold(log: Path, key: Path, lie: str) -> None:
    statement = json.loads(
        dsse.open_envelope(attest(log, key, "k-c5"), attestation.PAYLOAD_TYPE, load_public_key(public_path(key)))
    )
    LIES[lie](statement)
    forged = dsse.seal(attestation.PAYLOAD_TYPE, canonical(statement), load_signing_key(key))
    with pytest.raises(BadAttestation):
        check(forged, load_public_key(public_path(key)))


def test_another_key_is_refused(log: Path, key: Path, tmp_path: Path) -> None:
    other = ensure_signing_key(tmp_path / "other" / "audit.pem")
    with pytest.raises(BadAttestation, match="not signed by this key"):
        check(attest(log, key, "k-c5"), other)
