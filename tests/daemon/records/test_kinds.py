"""Each kind of record has all its fields, and every kind that the daemon writes is in the table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.records.audit import AuditLog
from daemon.records.kinds import EFFECTS, KINDS, TYPES, check_kinds, kind_of, problems
from daemon.steps.holds import RECORDS

SAMPLES: dict[str, Any] = {
    "text": "", "name": "x", "hash": "a" * 64, "hash?": "", "tree": "b" * 40, "tree?": "", "whole": 3, "whole?": None,
    "number": 0.5, "number?": None, "flag": True, "object": {}, "list": [], "amounts": {"cpu_ms": 3}, "findings": [],
}  # fmt: skip
WRONG: dict[str, Any] = {
    "text": 1, "name": "", "hash": "a" * 63, "hash?": "a", "tree": "", "tree?": "b", "whole": True, "whole?": 0.5,
    "number": "1", "number?": "", "flag": 1, "object": [], "list": {}, "amounts": {"cpu_ms": 0.5},
    "findings": [{"msg": "x"}],
}  # fmt: skip
NAMED = [*KINDS, "calibrate.intent", "sealed-3.intent", "propose.outcome", "evaluate.outcome", "sealed-12.outcome"]


def whole(kind: str) -> dict[str, Any]:
    """A good record of this kind."""
    schema = kind_of(kind)
    assert schema is not None
    body = {name: SAMPLES[wanted] for name, wanted in schema.body.items()}
    return {"seq": 7, "kind": kind, "actor": "daemon", "campaign": "k", "candidate": "k-c1", "body": body}


@pytest.mark.parametrize("kind", NAMED)
def test_each_field_of_each_kind_is_needed_and_typed(kind: str) -> None:
    good = whole(kind)
    assert list(problems(good)) == []
    assert list(problems({**good, "body": {**good["body"], "more": 1}})) == []
    schema = kind_of(kind)
    assert schema is not None
    for name, wanted in schema.body.items():
        less = {key: value for key, value in good["body"].items() if key != name}
        assert list(problems({**good, "body": less})) == [f"record 7 ({kind}): {name} is missing"]
        wrong = {**good["body"], name: WRONG[wanted]}
        assert list(problems({**good, "body": wrong})) == [f"record 7 ({kind}): {name} is no {wanted}"]


@pytest.mark.parametrize("kind", NAMED)
def test_what_a_record_is_about_is_named(kind: str) -> None:
    schema = kind_of(kind)
    assert schema is not None
    missing = {"nothing": 0, "campaign": 1, "candidate": 2}[schema.about]
    assert len(list(problems({**whole(kind), "campaign": "", "candidate": ""}))) == missing
    assert len(list(problems({**whole(kind), "actor": ""}))) == 1


@pytest.mark.parametrize("kind", ["", "sealed-0.intent", "sealed-1", "propose.outcome.x", "nosuch"])
def test_an_unknown_kind_is_a_problem(kind: str) -> None:
    assert kind_of(kind) is None
    assert "not in the table" in next(problems({"seq": 0, "kind": kind, "actor": "x", "body": {}}))


def test_the_table_names_known_types_only() -> None:
    assert set(SAMPLES) == set(WRONG) == set(TYPES)
    schemas = [*KINDS.values(), *EFFECTS.values()]
    assert {wanted for schema in schemas for wanted in schema.body.values()} <= set(TYPES)
    assert {schema.about for schema in schemas} == {"nothing", "campaign", "candidate"}


def test_a_log_is_checked_record_by_record(tmp_path: Path, key: Path) -> None:
    with AuditLog(tmp_path / "audit", key) as audit:
        audit.append("note", actor="ana", campaign="k", body={"text": "good"})
        assert check_kinds(tmp_path / "audit") == []
        for _ in range(3):
            audit.append("note", actor="ana", body={})
    assert len(check_kinds(tmp_path / "audit")) == 6
    assert len(check_kinds(tmp_path / "audit", most=4)) == 4


def written(package: Path) -> Iterator[tuple[str, str]]:
    """Kinds that the daemon's code writes by name: place, kind."""
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            told = any(word.arg == "body" for word in node.keywords)
            if name in ("_record", "record") or (name in ("append", "tell", "_tell_once") and told):
                kinds = (
                    [node.args[0].body, node.args[0].orelse] if isinstance(node.args[0], ast.IfExp) else node.args[:1]
                )
                for kind in kinds:
                    if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
                        yield f"{path.name}:{node.lineno}", kind.value


def test_every_kind_that_is_written_is_in_the_table(checkout: Path) -> None:
    found = list(written(checkout / "daemon"))
    assert len(found) > 20
    assert [(place, kind) for place, kind in found if kind_of(kind) is None] == []
    by_name = {"evaluate.intent", "propose.intent", "decision", *RECORDS.values()}  # chosen where they are written
    assert set(KINDS) - {kind for _, kind in found} <= by_name


MEASURED = ("calibrate", "evaluate", "sealed-1", "closing")
CONTAINERS = ("propose.intent", "selftest-1.intent", "trial-1.intent", *(f"{step}.intent" for step in MEASURED))
AGENTS = ("propose.intent", "selftest-1.intent", "trial-1.intent", "candidate.decided")
ASKED: dict[str, tuple[str, tuple[str, ...]]] = {
    "which model": ("model", ("propose.intent", "candidate.chosen", "candidate.decided", "model.call", "model.answer")),
    "which revision of the model": ("revision", ("model.answer",)),
    "what it was asked": ("prompt", ("model.call",)),
    "what it answered": ("answer", ("model.answer",)),
    "what it cost": (
        "spent",
        ("model.answer", "model.fault", "evaluate.outcome", "candidate.decided", "campaign.close"),
    ),
    "what was set aside for it": ("reserved", ("model.call", *CONTAINERS)),
    "under which line of the ledger": ("key", ("model.call", "model.answer", "propose.outcome", *CONTAINERS)),
    "which agent": ("genome", AGENTS),
    "from what": ("parent", ("candidate.chosen", "propose.intent", "candidate.decided")),
    "which tree": ("tree", ("candidate.decided", *(f"{step}.intent" for step in MEASURED))),
    "against which tree": ("parent_tree", ("evaluate.intent",)),
    "in which image": ("image", ("campaign.open.outcome", *CONTAINERS)),
    "within which limits": ("limits", ("propose.intent", *(f"{step}.intent" for step in MEASURED))),
    "under which runtime": ("runtime", ("propose.intent", *(f"{step}.intent" for step in MEASURED))),
    "by which judge, on which data": ("manifest", ("trial-1.intent", *(f"{step}.intent" for step in MEASURED))),
    "on which cases": ("suite", tuple(f"{step}.intent" for step in MEASURED)),
    "with inputs that nobody knew": ("sha256", ("seed.committed",)),
    "with which inputs": ("seed", ("seed.revealed",)),
    "what was measured": ("raw", tuple(f"{step}.outcome" for step in MEASURED)),
    "with which verdict": ("verdict", ("candidate.decided",)),
    "for what reason": ("reasons", ("candidate.decided",)),
    "by which decision": (
        "decision",
        ("campaign.open.intent", "candidate.chosen", "candidate.decided", "promote.intent", "budget.extend"),
    ),
    "under which policy": ("revision", ("decision",)),
    "by which rules, of which level": ("deny", ("decision",)),
    "why a person did it": (
        "reason",
        ("hold.approved", "hold.rejected", "budget.extend", "rearm", "blob.erase.intent"),
    ),
}
"""What an auditor asks → the field that answers, and the kinds of record that must have it."""


@pytest.mark.parametrize("question", ASKED)
def test_what_an_auditor_asks_is_answered_by_each_kind_that_it_applies_to(question: str) -> None:
    field, kinds = ASKED[question]
    schemas = {kind: kind_of(kind) for kind in kinds}
    assert [kind for kind, schema in schemas.items() if schema is None or field not in schema.body] == []
