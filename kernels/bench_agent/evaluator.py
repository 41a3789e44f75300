"""Judge side of every task: sends a request, compares the plain value that comes back. Knows no task by name.

It stands in one folder with the task's `cases.json` and, for tasks with more than one right answer, `rules.py`. No
candidate code ever runs here: requests and answers are JSON text in the two regions, see the guest's plain.py.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np

Case = dict[str, Any]

HERE = Path(__file__).resolve().parent
ANSWER_BYTES = 64 * 1024
"""Longest answer, as JSON text."""
SHOWN = 300
"""Characters of a value that feedback quotes."""


def cases(suite: str, rng: Any) -> list[Case]:
    """`visible`: the ones that the agent is shown as well. `sealed`: all the others."""
    found: list[Case] = json.loads((HERE / "cases.json").read_text("utf-8"))[
        "visible" if suite == "visible" else "hidden"
    ]
    return found


def arguments(case: Case, rng: Any) -> list[Any]:
    """The request as bytes."""
    return [np.frombuffer(json.dumps(case["ask"]).encode(), dtype=np.uint8)]


def outputs(case: Case) -> list[tuple[tuple[int, ...], str]]:
    """Room for the answer's text."""
    return [((ANSWER_BYTES,), "uint8")]


def check(case: Case, arguments: list[Any], outputs: list[Any], expected: Any) -> str | None:
    """What is wrong with the answer, or None."""
    return complaint(case, outputs[0].tobytes(), HERE / "rules.py")


def score(case: Case, arguments: list[Any], outputs: list[Any]) -> float:
    """A task is solved or not."""
    return 1.0


def complaint(case: Case, answer: bytes, rules: Path) -> str | None:
    """Compare one answer's bytes, which may be anything, with what the case asks for."""
    try:
        outcome = json.loads(answer, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return "the answer is not JSON"
    if not isinstance(outcome, dict):
        return "the answer is not an outcome"
    if "raises" in case:
        return _raises(case["raises"], outcome)
    if "value" not in outcome:
        return f"it raised an exception:\n{_text(outcome)}"
    value = outcome["value"]
    if "code" in outcome or "stdin" in case["ask"]:
        code = outcome.get("code")
        if type(code) is not int or code != case.get("code", 0):
            return f"exit code {_short(code)}, expected {case.get('code', 0)}; it said:\n{_text(outcome)}"
        value = value.rstrip() if isinstance(value, str) else value
    if "rule" in case:
        return _rule(rules, case, value)
    if "steps" in case["ask"]:
        return _steps(case, value)
    return None if same(value, case["expect"], case.get("tolerance", 0.0)) else _differs(value, case["expect"])


def same(value: Any, expect: Any, tolerance: float) -> bool:
    """Equal in type and content; numbers within `tolerance`, relative to the expected one where that is above 1."""
    if isinstance(expect, bool) or expect is None or isinstance(expect, str):
        return type(value) is type(expect) and bool(value == expect)
    if isinstance(expect, int | float):
        if type(value) not in (int, float):
            return False
        try:
            return bool(value == expect) or bool(abs(value - expect) <= tolerance * max(1.0, abs(expect)))
        except OverflowError:
            return False
    if isinstance(expect, list):
        return (
            isinstance(value, list)
            and len(value) == len(expect)
            and all(same(a, b, tolerance) for a, b in zip(value, expect, strict=True))
        )
    return (
        isinstance(value, dict)
        and value.keys() == expect.keys()
        and all(same(value[key], expect[key], tolerance) for key in expect)
    )


def _steps(case: Case, value: Any) -> str | None:
    """Each step has an outcome of its own; {"raises": name} stands in the place of a value."""
    steps, wanted = case["ask"]["steps"], case["expect"]
    if not isinstance(value, list) or len(value) != len(wanted):
        return "the steps were not carried out one by one"
    for number, (step, outcome, expect) in enumerate(zip(steps, value, wanted, strict=True), 1):
        if not isinstance(outcome, dict):
            return "a step's outcome is none"
        if isinstance(expect, dict) and expect.keys() == {"raises"}:
            problem = _raises(expect["raises"], outcome)
        elif "value" not in outcome:
            problem = f"it raised an exception:\n{_text(outcome)}"
        else:
            right = same(outcome["value"], expect, case.get("tolerance", 0.0))
            problem = None if right else _differs(outcome["value"], expect)
        if problem is not None:
            return f"step {number}, {_short(step)}: {problem}"
    return None


def _raises(name: str, outcome: dict[str, Any]) -> str | None:
    raised = outcome.get("raised")
    if isinstance(raised, list) and name in raised:
        return None
    told = _short(raised[0]) if isinstance(raised, list) and raised else f"the answer {_short(outcome.get('value'))}"
    return f"expected the exception {name}, got {told}"


def _rule(path: Path, case: Case, value: Any) -> str | None:
    spec = importlib.util.spec_from_file_location("task_rules", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        found: str | None = getattr(module, case["rule"])(case["ask"], value)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError):
        # A rule reads values of the right shape; another shape is one more wrong answer.
        return f"the answer has not the asked shape: {_short(value)}"
    return found


def _differs(value: Any, expect: Any) -> str:
    return f"got {_short(value)}, expected {_short(expect)}"


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except RecursionError:
        return "a bottomless value"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _text(outcome: dict[str, Any]) -> str:
    text = outcome.get("text")
    return text[-2000:] if isinstance(text, str) else ""


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
