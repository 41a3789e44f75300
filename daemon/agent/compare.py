"""Whether an outcome is what a visible case asks for."""

from __future__ import annotations

from typing import Any

_SHOWN = 300


def complaint(case: dict[str, Any], outcome: dict[str, Any]) -> str | None:
    """What is wrong with the outcome, or None."""
    if "raises" in case:
        return _raises(str(case["raises"]), outcome)
    if "value" not in outcome:
        return f"it raised {_names(outcome)}:\n{outcome.get('text', '')}"
    value = outcome["value"]
    if "code" in outcome:
        if outcome["code"] != case.get("code", 0):
            return f"exit code {outcome['code']}, expected {case.get('code', 0)}; it said:\n{outcome.get('text', '')}"
        value = value.rstrip() if isinstance(value, str) else value
    if "expect" not in case:
        return None
    expect = case["expect"].rstrip() if isinstance(case["expect"], str) and "code" in outcome else case["expect"]
    if "steps" in case["ask"] and isinstance(value, list) and isinstance(expect, list):
        return _steps(case, value, expect)
    return None if same(value, expect, case.get("tolerance", 0.0)) else _differs(value, expect)


def same(value: Any, expect: Any, tolerance: float) -> bool:
    """Equal in type and content; numbers within `tolerance`, relative to the expected one where that is above 1."""
    if isinstance(expect, bool) or expect is None or isinstance(expect, str):
        return type(value) is type(expect) and bool(value == expect)
    if isinstance(expect, int | float):
        if type(value) not in (int, float):
            return False
        return bool(value == expect) or bool(abs(value - expect) <= tolerance * max(1.0, abs(expect)))
    if isinstance(expect, list):
        return (
            isinstance(value, list)
            and len(value) == len(expect)
            and all(same(one, other, tolerance) for one, other in zip(value, expect, strict=True))
        )
    return (
        isinstance(value, dict)
        and value.keys() == expect.keys()
        and all(same(value[key], expect[key], tolerance) for key in expect)
    )


def _steps(case: dict[str, Any], value: list[Any], wanted: list[Any]) -> str | None:
    for number, (step, outcome, expect) in enumerate(zip(case["ask"]["steps"], value, wanted, strict=False), 1):
        if isinstance(expect, dict) and expect.keys() == {"raises"}:
            problem = _raises(str(expect["raises"]), outcome)
        elif "value" not in outcome:
            problem = f"it raised {_names(outcome)}:\n{outcome.get('text', '')}"
        elif same(outcome["value"], expect, case.get("tolerance", 0.0)):
            problem = None
        else:
            problem = _differs(outcome["value"], expect)
        if problem:
            return f"step {number}, {_short(step)}: {problem}"
    return None


def _raises(name: str, outcome: dict[str, Any]) -> str | None:
    if name in outcome.get("raised", []):
        return None
    told = _names(outcome) if outcome.get("raised") else f"the answer {_short(outcome.get('value'))}"
    return f"expected the exception {name}, got {told}"


def _names(outcome: dict[str, Any]) -> str:
    return _short((outcome.get("raised") or ["nothing"])[0])


def _differs(value: Any, expect: Any) -> str:
    return f"got {_short(value)}, expected {_short(expect)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
