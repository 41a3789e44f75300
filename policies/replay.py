"""Many questions to one folder in one run of `opa`, and one question with the rules that came true."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from policies.bundle import Bundle, Source
from policies.offline import QUESTIONS, evaluate_offline
from policies.opa_cli import OpaFailedError, find_opa, run_opa

SECONDS = 300.0
"""Longest run over one batch."""


class Asked(NamedTuple):
    """A question; `facts` carry their `decision_id`, one of a kind in its batch."""

    question: str
    facts: Mapping[str, Any]


class Rule(NamedTuple):
    """A rule of the folder that came true."""

    place: str
    """`file:line`, relative to the folder."""
    name: str


def evaluate_all(source: Source, asked: Sequence[Asked], *, opa: Path | None = None) -> dict[str, Any]:
    """Decision id → decision, as a server of this bundle would return it; None where it gives none.

    None stands for undefined, and for an error in a builtin. Raises ValueError for an unknown question,
    OpaMissingError or OpaFailedError when `opa` cannot be run.
    """
    if unknown := {one.question for one in asked} - set(QUESTIONS):
        raise ValueError(f"unknown question {sorted(unknown)[0]!r}; known are {', '.join(QUESTIONS)}")
    with tempfile.TemporaryDirectory(prefix="ratchet-policies-") as place:
        bundle = source.build(Path(place) / "bundle")
        return _answers(opa or find_opa(), bundle, asked)


def rules_true(folder: Path, question: str, facts: Mapping[str, Any], *, opa: Path | None = None) -> list[Rule]:
    """The rules that came true while the question was answered, in that order, each once.

    Raises as `evaluate_offline` does.
    """
    trace = evaluate_offline(folder, question, facts, opa=opa, explain=True)["explanation"]
    found: dict[Rule, None] = {}
    for event in trace:
        node, where = event.get("Node"), event.get("Location")
        if event.get("Op") == "Exit" and isinstance(node, dict) and isinstance(where, dict) and "head" in node:
            file = str(where.get("file", "")).rpartition("/bundle/")[2]
            found[Rule(f"{file}:{where.get('row', 0)}", str(node["head"].get("name", "")))] = None
    return list(found)


def _answers(opa: Path, bundle: Bundle, asked: Sequence[Asked]) -> dict[str, Any]:
    if not asked:
        return {}
    done = run_opa(opa, _words(bundle), stdin=_stdin(asked), seconds=SECONDS)
    try:
        value = json.loads(done.stdout)["result"][0]["expressions"][0]["value"]
    except (ValueError, LookupError, TypeError):
        value = None
    if not isinstance(value, dict):
        if len(asked) == 1:
            return {str(asked[0].facts["decision_id"]): None}
        # One question that fails takes its whole batch with it: find it by halves.
        half = len(asked) // 2
        return _answers(opa, bundle, asked[:half]) | _answers(opa, bundle, asked[half:])
    return {str(one.facts["decision_id"]): value.get(str(one.facts["decision_id"])) for one in asked}


def _words(bundle: Bundle) -> list[str]:
    # The facts go through a variable of their own: in `with input as one.facts` OPA 1.22 loses them.
    sets = " | ".join(
        f'{{[one.id, d] | some one in input.asked; one.question == "{name}"; facts := one.facts; '
        f"d := data.ratchet.{name}.decision with input as facts}}"
        for name in QUESTIONS
    )
    query = f"{{pair[0]: pair[1] | some pair in ({sets})}}"
    return ["eval", "--bundle", str(bundle.path), "--format", "json", "--strict-builtin-errors", "--stdin-input", query]


def _stdin(asked: Sequence[Asked]) -> bytes:
    questions = [
        {"id": str(one.facts["decision_id"]), "question": one.question, "facts": dict(one.facts)} for one in asked
    ]
    try:
        return json.dumps({"asked": questions}, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise OpaFailedError(f"the questions are not plain JSON: {error}") from error
