"""Recorded decisions explained, and asked again of an edited copy of the policies before it goes live."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from daemon.decisions import read_answer
from daemon.records.audit import AuditLog
from daemon.records.keys import ensure_signing_key
from policies.bundle import Source
from policies.replay import Asked, evaluate_all
from tests.daemon.cli.conftest import Ratchet
from tests.daemon.engines.questions import EDIT, GOOD

pytestmark = pytest.mark.opa
SHIPPED = Path(__file__).parents[3] / "policies"


def recorded(question: str, name: str, answer: Any, facts: dict[str, Any], revision: str) -> dict[str, Any]:
    """A decision as the gate records it."""
    decision = read_answer(question, name, revision, {"result": answer}, 0.0)
    return {
        "question": question,
        "decision_id": name,
        "permitted": decision.permitted,
        "hold": decision.hold,
        "allow": decision.allow,
        "deny": [asdict(found) for found in decision.deny],
        "warn": [],
        "require": decision.require,
        "revision": revision,
        "active_revision": revision,
        "cause": "",
        "input": facts,
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configured policies, a copy of the shipped ones."""
    folder = tmp_path / "policies"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "*.md"))
    monkeypatch.setenv("RATCHET_POLICIES", str(folder))
    return folder


@pytest.fixture
def log(tmp_path: Path, folder: Path) -> Path:
    """One good decision of each kind, one denied edit, and one without an answer."""
    home = tmp_path / "state"
    source = Source.read(folder)
    change = {**EDIT["changes"][0], "path": "x.py", "segments": ["x.py"]}
    facts = {f"{name}-good": (name, {**of, "decision_id": f"{name}-good"}) for name, of in GOOD.items()}
    facts["edit-odd"] = ("edit", {**EDIT, "changes": [change], "decision_id": "edit-odd"})
    said = evaluate_all(source, [Asked(*one) for one in facts.values()])
    ensure_signing_key(home / "keys" / "audit.pem")
    with AuditLog(home / "audit", home / "keys" / "audit.pem") as audit:
        for name, (question, of) in facts.items():
            body = recorded(question, name, said[name], of, source.revision)
            audit.append("decision", actor="gate", campaign="c", candidate="c-c1", body=body)
        lost = {**body, "decision_id": "lost", "cause": "infra:away", "revision": ""}
        audit.append("decision", actor="gate", campaign="c", candidate="c-c1", body=lost)
    return home


def test_a_decision_is_explained_with_its_rules(ratchet: Ratchet, log: Path) -> None:
    said = ratchet("policy", "explain", "edit-odd", "--trace")
    assert said.code == 0, said
    for word in ("denied", "EDIT-OUTSIDE", "would decide the same", "ratchet/edit/edit.rego:", "c-c1"):
        assert word in said.out
    document = ratchet("policy", "explain", "edit-good", "--json").document
    assert document["then"]["outcome"] == document["now"]["outcome"] == "permitted"
    assert document["otherwise"] is False
    assert document["input"]["campaign"] == "c"


def test_a_decision_without_an_answer_and_an_unknown_one_are_told(ratchet: Ratchet, log: Path) -> None:
    assert "nothing to compare" in ratchet("policy", "explain", "lost").out
    for words, code in ((("edit",), 2), (("nosuch",), 2), (("e",), 2)):
        assert ratchet("policy", "explain", *words).code == code


def test_an_edit_shows_what_it_would_flip_before_it_goes_live(ratchet: Ratchet, log: Path, folder: Path) -> None:
    calm = ratchet("policy", "replay", "--json")
    assert calm.code == 0, calm
    assert (calm.document["asked"], calm.document["without_answer"]) == (len(GOOD) + 1, 1)
    edited = Path(shutil.copytree(folder, folder.with_name("edited")))
    data = edited / "ratchet" / "edit" / "data.yaml"
    before = data.read_text()
    data.write_text(before.replace("forbidden: []", 'forbidden: ["*.c"]', 1))
    assert data.read_text() != before
    said = ratchet("policy", "replay", "--policies", str(edited), "--json")
    assert said.code == 1, said
    flips = said.document["flips"]
    assert [(row["decision"], row["then"], row["now"]) for row in flips] == [("edit-good", "permitted", "denied")]
    assert "OTHERWISE" in ratchet("policy", "explain", "edit-good", "--policies", str(edited)).out
    assert ratchet("policy", "replay", "--last", "2").code == 0


def test_a_folder_that_gives_no_answer_flips_what_was_permitted(ratchet: Ratchet, log: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "x.rego").write_text("package x\n\ny := 1\n")
    said = ratchet("policy", "replay", "--policies", str(empty), "--json")
    assert {row["now"] for row in said.document["flips"]} == {"no answer"}
    assert ratchet("policy", "replay", "--policies", str(tmp_path / "none")).code == 2


def test_without_a_log_there_is_nothing_to_explain(ratchet: Ratchet) -> None:
    assert ratchet("policy", "explain", "abcdef").code == 2
    assert ratchet("policy", "replay").code == 2
