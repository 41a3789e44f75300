"""A candidate's story, the log as JSON lines, and a promotion's statement, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.cli.story import sentence
from daemon.records.audit import AuditLog
from daemon.records.keys import ensure_signing_key
from tests.daemon.cli.conftest import Ratchet
from tests.daemon.records.test_attestation import tell


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "state"
    key = home / "keys" / "audit.pem"
    ensure_signing_key(key)
    with AuditLog(home / "audit", key) as audit:
        tell(audit, "k-c1")
        told = {"key": "x", "reserved": {"cpu_ms": 1500, "micro_usd": 20_000}}
        audit.append("sealed-2.intent", actor="daemon", campaign="k", candidate="k-c1", body=told)
        ended = {"key": "x", "ended": "InfrastructureError: gone", "spent": {"cpu_ms": 500}}
        audit.append("sealed-2.outcome", actor="daemon", campaign="k", candidate="k-c1", body=ended)
        audit.append("note", actor="ana", campaign="k", candidate="k-c1", body={"text": "\x1b[31mlook\u202e"})
        audit.append("note", actor="ana", campaign="j", candidate="j-c1", body={"text": "other"})
    return home


def test_a_story_is_told_in_order_and_harmlessly(ratchet: Ratchet, home: Path) -> None:
    said = ratchet("audit", "show", "--candidate", "k-c1")
    assert said.code == 0, said
    assert "\x1b" not in said.out
    assert "other" not in said.out
    places = [
        said.out.index(words)
        for words in (
            "is champion now, in place of k-c0",
            "verdict accepted, gain 0.5 (0.4 to 0.6) over 12 pairs",
            "round 2 on the sealed cases begins; reserved: cpu 1.5 s, money $0.0200",
            "round 2 on the sealed cases broke off (InfrastructureError: gone)",
            "note: \\x1b[31mlook",
        )
    ]
    assert places == sorted(places)
    assert ratchet("audit", "show", "--candidate", "k-c1", "--json").document["records"][-1]["kind"] == "note"
    assert ratchet("audit", "show", "--candidate", "nosuch").code == 2


@pytest.mark.parametrize("body", [{}, {"cause": ""}, {"spent": 3, "ended": 1}, {"reserved": []}, {"gain": "x"}])
@pytest.mark.parametrize("kind", ["decision", "propose.outcome", "propose.intent", "candidate.decided", "kill", "new"])
def test_a_record_of_another_shape_is_told_too(kind: str, body: dict[str, object]) -> None:
    assert sentence({"kind": kind, "body": body})


def test_the_log_leaves_as_json_lines(ratchet: Ratchet, home: Path) -> None:
    said = ratchet("audit", "export")
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["seq"] for row in rows] == list(range(len(rows)))
    assert said.out.isascii()
    assert all(len(row["hash"]) == 64 for row in rows)
    some = ratchet("audit", "export", "--candidate", "k-c1", "--kind", "note", "--from", "2").out.splitlines()
    assert [json.loads(line)["actor"] for line in some] == ["ana"]


def test_a_promotion_is_attested_and_checked_elsewhere(ratchet: Ratchet, home: Path, tmp_path: Path) -> None:
    file, key = tmp_path / "k-c1.dsse.json", tmp_path / "audit.pub"
    assert ratchet("audit", "attest", "k-c1", "--out", str(file)).code == 0
    assert ratchet("audit", "attest", "k-c1").out == file.read_text(), "made twice, it is the same"
    assert ratchet("audit", "attest", "j-c1").code == 2
    key.write_bytes((home / "keys" / "audit.pem.pub").read_bytes())
    home.rename(tmp_path / "gone")
    said = ratchet("audit", "check-attestation", str(file), "--key", str(key))
    assert said.code == 0, said
    assert "b" * 40 in said.out
    assert "approved by  ana" in said.out
    file.write_text(file.read_text().replace('"sig": "', '"sig": "AAAA'))
    assert ratchet("audit", "check-attestation", str(file), "--key", str(key)).code == 1
    assert ratchet("audit", "check-attestation", str(file)).code == 2


def test_without_a_log_there_is_no_story(ratchet: Ratchet) -> None:
    for words in (("show", "--candidate", "k-c1"), ("export",), ("attest", "k-c1")):
        assert ratchet("audit", *words).code == 2
