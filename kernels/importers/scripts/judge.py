"""Judge side of an imported task: one number for each evaluation, finite and between LOW and HIGH.

The task's own evaluator, in `imported/`, runs in the runner together with the candidate, so the number is the
candidate's word: this target is `cohabiting`, and no candidate of it is promoted without a person. Narrow the bounds to
what is possible at all, and a forged number outside them is refused.
"""

from __future__ import annotations

from typing import Any

Case = dict[str, Any]

LOW = -1e15
HIGH = 1e15


def cases(suite: str, rng: Any) -> list[Case]:
    """The task is one case."""
    return [{"name": "task"}]


def arguments(case: Case, rng: Any) -> list[Any]:
    """A seed for scripts that draw (RATCHET_SEED in their environment); parent and child of a pair get the same."""
    return [int(rng.integers(1, 2**31))]


def outputs(case: Case) -> list[tuple[tuple[int, ...], str]]:
    """The metric."""
    return [((1,), "float64")]


def check(case: Case, arguments: list[Any], outputs: list[Any], expected: Any) -> str | None:
    """Within the bounds; that it is finite has been checked before."""
    value = float(outputs[0][0])
    return None if LOW <= value <= HIGH else f"the metric is {value:g}, outside {LOW:g} to {HIGH:g}"


def score(case: Case, arguments: list[Any], outputs: list[Any]) -> float:
    """The metric itself."""
    return float(outputs[0][0])
