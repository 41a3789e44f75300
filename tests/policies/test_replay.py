"""Many questions in one run are answered as each alone, and the rules that came true are told with their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policies.bundle import Source
from policies.offline import evaluate_offline
from policies.replay import Asked, evaluate_all, rules_true
from tests.daemon.engines.questions import EDIT, GOOD

pytestmark = pytest.mark.opa


def asked(count: int) -> list[Asked]:
    """Good and malformed questions of each kind, `count` of each."""
    made = []
    for at in range(count):
        for question, facts in GOOD.items():
            made.append(Asked(question, {**facts, "decision_id": f"{question}-{at}"}))
            made.append(Asked(question, {**facts, "decision_id": f"{question}-{at}-bad", "extra": 1}))
    return made


def protected() -> dict[str, Any]:
    change = {**EDIT["changes"][0], "path": "conftest.py", "segments": ["conftest.py"]}
    return {**EDIT, "changes": [change], "decision_id": "p"}


def test_a_batch_answers_as_each_question_alone(folder: Path, opa: Path) -> None:
    questions = asked(1)
    together = evaluate_all(Source.read(folder), questions, opa=opa)
    assert together == {
        str(one.facts["decision_id"]): evaluate_offline(folder, one.question, one.facts, opa=opa) for one in questions
    }
    assert together["edit-0"]["allow"] is True
    assert together["edit-0-bad"]["allow"] is False


def test_five_hundred_at_once(folder: Path, opa: Path) -> None:
    said = evaluate_all(Source.read(folder), asked(50), opa=opa)
    assert len(said) == 100 * len(GOOD) >= 500
    assert all(answer["decision_id"] == name for name, answer in said.items())


def test_a_question_that_breaks_takes_no_other_with_it(folder: Path, opa: Path) -> None:
    (folder / "ratchet" / "local" / "edit").mkdir(parents=True)
    (folder / "ratchet" / "local" / "edit" / "own.rego").write_text(
        'package ratchet.local.edit\n\ndeny contains "odd" if {\n\tinput.campaign == "odd"\n'
        "\tto_number(input.campaign) > 1\n}\n"
    )
    questions = [Asked("edit", {**EDIT, "decision_id": f"e{at}"}) for at in range(3)]
    questions.insert(1, Asked("edit", {**EDIT, "campaign": "odd", "decision_id": "odd"}))
    said = evaluate_all(Source.read(folder), questions, opa=opa)
    assert said["odd"] is None
    assert [said[f"e{at}"]["allow"] for at in range(3)] == [True, True, True]


def test_a_folder_without_the_package_says_nothing(tmp_path: Path, opa: Path) -> None:
    (tmp_path / "x.rego").write_text("package x\n\ny := 1\n")
    assert evaluate_all(Source.read(tmp_path), asked(1)[:1], opa=opa) == {"edit-0": None}
    assert evaluate_all(Source.read(tmp_path), [], opa=opa) == {}
    with pytest.raises(ValueError, match="unknown question"):
        evaluate_all(Source.read(tmp_path), [Asked("nosuch", {"decision_id": "x"})], opa=opa)


def test_the_rules_that_came_true_have_places(folder: Path, opa: Path) -> None:
    rules = rules_true(folder, "edit", protected(), opa=opa)
    lines = (folder / "ratchet" / "edit" / "edit.rego").read_text().splitlines()
    denies = [int(rule.place.rpartition(":")[2]) for rule in rules if rule.name == "deny"]
    assert denies
    assert all(rule.place.startswith("ratchet/") for rule in rules)
    assert all("deny contains" in lines[row - 1] for row in denies)
    assert len(set(rules)) == len(rules)
