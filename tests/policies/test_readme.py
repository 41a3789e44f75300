"""What the README tells people to write is fit, and does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.check import check_folder
from policies.offline import evaluate_offline
from policies.opa_cli import OpaFailedError
from tests.daemon.engines.questions import BUDGET, EDIT, PROMOTE, STOP

pytestmark = pytest.mark.opa


def blocks(shipped: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (shipped / "README.md").read_text(), re.DOTALL)


def merge(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: merge(old.get(key), value) for key, value in new.items()}}
    return new


def tune(folder: Path, package: str, text: str) -> None:
    path = folder / "ratchet" / package / "data.yaml"
    path.write_text(yaml.safe_dump(merge(yaml.safe_load(path.read_text()), yaml.safe_load(text))))


def codes(folder: Path, opa: Path, question: str, facts: dict[str, Any]) -> list[str]:
    answer = evaluate_offline(folder, question, {**facts, "decision_id": "d"}, opa=opa)
    return [found["code"] for found in answer["deny"]]


def test_the_three_first_things(folder: Path, shipped: Path, opa: Path) -> None:
    forbid, cap, second, *_ = blocks(shipped, "yaml")
    tune(folder, "edit", forbid)
    tune(folder, "budget", cap)
    tune(folder, "promote", second)
    assert check_folder(folder, opa, style=False) == []
    include = {**EDIT["changes"][0], "path": "include/a.c", "segments": ["include", "a.c"]}
    target = {**EDIT["target"], "editable": ["**"]}
    assert codes(folder, opa, "edit", EDIT) == []
    assert codes(folder, opa, "edit", {**EDIT, "target": target, "changes": [include]}) == ["EDIT-FORBIDDEN"]
    assert codes(folder, opa, "budget", {**BUDGET, "day": {"micro_usd": 2_000_001}}) == ["BUDGET-DAY"]
    held = evaluate_offline(folder, "promote", {**PROMOTE, "decision_id": "d"}, opa=opa)
    assert (held["allow"], held["deny"], held["require"]["approvals"]) == (False, [], 1)


def test_a_rule_of_your_own(folder: Path, shipped: Path, opa: Path) -> None:
    (rule,) = blocks(shipped, "rego")
    own = folder / "ratchet" / "local" / "promote"
    own.mkdir(parents=True)
    (own / "release.rego").write_text("package ratchet.local.promote\n\nimport data.ratchet.lib\n\n" + rule)
    (own / "data.yaml").write_text(blocks(shipped, "yaml")[-1])
    assert check_folder(folder, opa, style=False) == []
    assert codes(folder, opa, "promote", PROMOTE) == ["PROMOTE-RELEASE-WEEK"]


def test_offline_answers_name_the_revision_and_can_be_explained(folder: Path, opa: Path) -> None:
    answer = evaluate_offline(folder, "stop", {**STOP, "decision_id": "d"}, opa=opa, explain=True)
    assert answer["allow"] is True and len(answer["revision"]) == 64 and answer["explanation"]


def test_offline_faults_are_errors(folder: Path, opa: Path) -> None:
    with pytest.raises(ValueError, match="unknown question"):
        evaluate_offline(folder, "anything", {}, opa=opa)
    (folder / "ratchet/stop/stop.rego").write_text("package ratchet.stop\n\nnonsense if {")
    with pytest.raises(OpaFailedError, match="rego_parse_error"):
        evaluate_offline(folder, "stop", {"decision_id": "d"}, opa=opa)
    (folder / "ratchet/stop/stop.rego").write_text("package ratchet.stop\n")
    with pytest.raises(OpaFailedError, match="no decision stop"):
        evaluate_offline(folder, "stop", {"decision_id": "d"}, opa=opa)
