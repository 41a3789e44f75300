"""Campaign commands against a real Temporal server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.daemon.cli.conftest import Ratchet
from tests.workflows.fakes import FakePorts

pytestmark = pytest.mark.temporal


def start(ratchet: Ratchet, *words: str) -> str:
    said = ratchet("campaign", "start", "matmul", "--json", *words)
    assert said.code == 0, said.err
    return str(said.document["campaign"])


def test_start_watch_status_and_list(ratchet: Ratchet, campaigns: FakePorts) -> None:
    campaigns.verdict = lambda number: "accepted" if number == 2 else "failed:no-gain"
    name = start(ratchet, "--candidates", "3")
    watched = ratchet("campaign", "watch", name)
    assert watched.code == 0
    assert "3/3 decided" in watched.out
    status = ratchet("campaign", "status", name, "--json").document
    assert status["verdicts"] == {"accepted": 1, "failed": 2}
    assert status["report"]["champion"] == f"{name}-c2"
    assert name in [row["campaign"] for row in ratchet("campaign", "list", "--json").document["campaigns"]]
    assert name in ratchet("campaign", "list").out


def test_a_refusal_is_said_at_once(ratchet: Ratchet, campaigns: FakePorts) -> None:
    said = ratchet("campaign", "start", "nosuch")
    assert said.code == 1
    assert "unknown target 'nosuch'; there are: matmul" in said.err


def test_a_wrong_field_is_named_before_anything_starts(ratchet: Ratchet, campaigns: FakePorts, tmp_path: Path) -> None:
    file = tmp_path / "campaign.json"
    file.write_text(json.dumps({"target": "matmul", "candidats": 3, "in_flight": "many"}))
    said = ratchet("campaign", "start", "--file", str(file))
    assert said.code == 2
    assert "unknown field 'candidats'" in said.err
    assert "field 'in_flight' is 'many'" in said.err


def test_an_id_is_used_once(ratchet: Ratchet, campaigns: FakePorts) -> None:
    name = start(ratchet, "--candidates", "1")
    said = ratchet("campaign", "start", "matmul", "--id", name)
    assert said.code == 2
    assert "exists already" in said.err


def test_pause_resume_note_extend_and_stop(ratchet: Ratchet, campaigns: FakePorts) -> None:
    campaigns.pace = 0.2
    name = start(ratchet, "--candidates", "1000")
    assert ratchet("campaign", "pause", name).code == 0
    assert ratchet("campaign", "status", name, "--json").document["status"] == "paused"
    assert ratchet("campaign", "resume", name).code == 0
    assert ratchet("campaign", "note", name, "look at \x1b[2J this", "--by", "ana").code == 0
    assert "\x1b" not in ratchet("campaign", "status", name).out
    more = ratchet("campaign", "extend-budget", name, "--usd", "2", "--by", "ana", "--reason", "more", "--json")
    assert more.document["answer"] == {"micro_usd": 2_000_000}
    none = ratchet("campaign", "extend-budget", name, "--by", "ana", "--reason", "more")
    assert none.code == 1
    assert "nothing to add" in none.err
    assert ratchet("campaign", "stop", name, "--json").document == {"campaign": name, "sent": "stop"}
    assert ratchet("campaign", "watch", name, "--json").code == 0


def test_a_hold_is_approved_with_a_signature(
    ratchet: Ratchet, campaigns: FakePorts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaigns.verdict = lambda number: "accepted"
    campaigns.holds = {1}
    name = start(ratchet, "--candidates", "1")
    while not (holds := ratchet("campaign", "status", name, "--json").document["holds"]):
        pass
    candidate = holds[0]["candidate"]
    unsigned = ratchet("campaign", "approve", name, candidate, "--by", "ana")
    assert unsigned.code == 2
    assert "must be signed" in unsigned.err
    assert ratchet("campaign", "approve", name, candidate, "--by", "ana", "--statement").out == "{}"
    signature = tmp_path / "statement.sig"
    signature.write_text("good")
    words = ("--by", "ana", "--signature", str(signature))
    assert "policy decides" in ratchet("campaign", "approve", name, candidate, *words).out
    ratchet("campaign", "watch", name)
    assert campaigns.promoted == [candidate]
    late = ratchet("campaign", "approve", name, candidate, *words)
    assert late.code == 2
    assert "does not wait for a person" in late.err


def test_a_hold_is_rejected(ratchet: Ratchet, campaigns: FakePorts, tmp_path: Path) -> None:
    campaigns.verdict = lambda number: "accepted"
    campaigns.holds = {1}
    name = start(ratchet, "--candidates", "1")
    while not (holds := ratchet("campaign", "status", name, "--json").document["holds"]):
        pass
    assert "waits" in ratchet("campaign", "status", name).out
    reject = ("campaign", "reject", name, holds[0]["candidate"], "--by", "ana", "--reason", "no")
    assert "must be signed" in ratchet(*reject).err
    signature = tmp_path / "statement.sig"
    signature.write_text("good")
    assert ratchet(*reject, "--signature", str(signature)).code == 0
    ratchet("campaign", "watch", name)
    assert campaigns.promoted == []
    assert [one.reason for one in campaigns.rejected] == ["no"]


def test_an_unknown_campaign_is_bad_input(ratchet: Ratchet, campaigns: FakePorts) -> None:
    said = ratchet("campaign", "status", "nosuch", "--json")
    assert said.code == 2
    assert said.document["exit"] == 2
    assert "no such campaign" in said.err


def test_a_soft_denial_is_overridden_and_a_hold_escalated(
    ratchet: Ratchet, campaigns: FakePorts, tmp_path: Path
) -> None:
    campaigns.verdict = lambda number: "accepted"
    campaigns.soft, campaigns.holds = {1}, {2}
    name = start(ratchet, "--candidates", "2")
    while len(holds := ratchet("campaign", "status", name, "--json").document["holds"]) < 2:
        pass
    signature = tmp_path / "statement.sig"
    signature.write_text("good")
    signed = ("--by", "bo", "--signature", str(signature))
    soft = next(hold["candidate"] for hold in holds if hold["kind"] == "override")
    why = ("--reason", "generated, read twice")
    text = ratchet("campaign", "override", name, soft, "--by", "bo", *why, "--until", "2000000000", "--statement").out
    assert json.loads(text) == {
        "action": "override", "by": "bo", "reason": "generated, read twice", "until": 2000000000,
    }  # fmt: skip
    assert ratchet("campaign", "override", name, soft, *signed, *why).code == 0
    held = next(hold["candidate"] for hold in holds if hold["kind"] == "approval")
    assert "0 of 1" in ratchet("campaign", "status", name).out
    assert ratchet("campaign", "escalate", name, held, *signed, "--approvals", "2").code == 0
    assert ratchet("campaign", "approve", name, held, *signed).code == 0
    ratchet("campaign", "watch", name)
    assert campaigns.answers == [("override", soft), ("escalate", held)]
