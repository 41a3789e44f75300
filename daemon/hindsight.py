"""Recorded decisions, asked again of another bundle: what would it have said?

The answer is read as strictly as the gate reads a server's, and the second wall stands behind it as it does there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from daemon.decisions import QUESTIONS, BadAnswerError, Decision, read_answer, refusal
from daemon.walls import second_wall
from policies.bundle import Source
from policies.replay import Asked, evaluate_all

BATCH = 500
"""Decisions in one run of `opa`."""


class Hindsight(NamedTuple):
    """One recorded decision, and what the bundle at hand says to the same input."""

    record: dict[str, Any]
    """The audit record."""
    then: str
    """`permitted`, `hold` or `denied`."""
    codes_then: tuple[str, ...]
    now: Decision

    @property
    def outcome(self) -> str:
        """What the bundle at hand would say: `permitted`, `hold`, `denied`, or `no answer`."""
        if self.now.cause:
            return "no answer"
        return "permitted" if self.now.permitted else "hold" if self.now.hold else "denied"

    @property
    def codes_now(self) -> tuple[str, ...]:
        """Codes of what blocks."""
        return tuple(sorted({found.code for found in self.now.deny}))

    @property
    def flipped(self) -> bool:
        """The answer would be another one; other reasons alone do not count."""
        return self.outcome != self.then


def answered(record: Mapping[str, Any]) -> bool:
    """Whether a decision record holds a real answer, not a fault of the decision point."""
    body = record["body"]
    return not body.get("cause") and body.get("question") in QUESTIONS and isinstance(body.get("input"), dict)


def ask_again(source: Source, records: Sequence[dict[str, Any]], *, opa: Path | None = None) -> list[Hindsight]:
    """What the bundle says to each; records without an answer are left out.

    Raises OpaMissingError or OpaFailedError.
    """
    real = [record for record in records if answered(record)]
    said: dict[str, Any] = {}
    for at in range(0, len(real), BATCH):
        asked = [Asked(record["body"]["question"], record["body"]["input"]) for record in real[at : at + BATCH]]
        said |= evaluate_all(source, asked, opa=opa)
    return [_compared(record, source.revision, said.get(record["body"]["decision_id"])) for record in real]


def _compared(record: dict[str, Any], revision: str, answer: Any) -> Hindsight:
    body = record["body"]
    question, decision_id = body["question"], body["decision_id"]
    try:
        now = second_wall(read_answer(question, decision_id, revision, {"result": answer}, 0.0), body["input"])
    except (BadAnswerError, KeyError, TypeError, ValueError) as error:
        now = refusal(question, decision_id, str(error), active=revision)
    then = "permitted" if body["permitted"] else "hold" if body["hold"] else "denied"
    return Hindsight(record, then, tuple(sorted({found["code"] for found in body["deny"]})), now)
