"""Ten thousand questions that are not as they have to be, to the shipped bundle: none is permitted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.gate import Gate
from policies.bundle import Source
from policies.replay import Asked, evaluate_all
from tests.daemon.engines.questions import EDIT, GOOD

pytestmark = pytest.mark.opa

MALFORMED, BROKEN = 9_000, 1_000
FREE = {"asked", "accounts", "day", "day_model", "verdicts", "env", "labels", "tmpfs"}
"""Maps from free names: what is in them may be left out, but not be of another type."""
BAD_GLOBS = ("[", "[a", "{a", "a[", "[!", "{", "[]", "[z-a]")
"""Patterns that the glob builtin cannot compile."""


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to all values inside."""
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from leaves(inner, (*path, key))


def changed(value: Any, path: tuple[Any, ...], rng: random.Random) -> Any:
    """A copy in which the value at `path` is of another type, or gone, or has a new neighbour."""
    kept = dict(value) if isinstance(value, dict) else list(value)
    if len(path) > 1:
        kept[path[0]] = changed(kept[path[0]], path[1:], rng)
        return kept
    old = kept[path[0]]
    how = rng.randrange(4)
    if how == 0 and isinstance(kept, dict):
        kept[f"more{rng.randrange(1000)}"] = rng.choice((None, 1, "x", [], {}))
    elif isinstance(old, bool | int | float | str):
        kept[path[0]] = {"x": rng.random()} if how == 1 else [rng.randrange(10**6)]
    else:
        kept[path[0]] = "x" * rng.randrange(1, 5) if how > 1 or old is None else rng.randrange(10**6)
    return kept


def malformed(rng: random.Random, at: int) -> Asked:
    question, facts = rng.choice(sorted(GOOD.items()))
    places = [path for path in leaves(facts) if not FREE & set(path)]
    return Asked(question, {**changed(facts, rng.choice(places), rng), "decision_id": f"q{at}"})


def test_malformed_questions_are_never_permitted(checkout: Path) -> None:
    rng = random.Random(37)
    asked = [malformed(rng, at) for at in range(MALFORMED)]
    said = evaluate_all(Source.read(checkout / "policies"), asked)
    assert len(said) == MALFORMED
    assert [asked[int(name[1:])] for name, answer in said.items() if answer is None or answer["allow"]] == []


def test_errors_of_builtins_are_never_permits(gate: Gate) -> None:
    rng = random.Random(38)
    for _ in range(BROKEN):
        bad = rng.choice(BAD_GLOBS) + str(rng.randrange(1000))
        name = rng.choice(("editable", "protected"))
        target = {**EDIT["target"], name: [bad, "*.c"]}  # in front: a glob behind a match is not looked at
        got = gate.decide("edit", {**EDIT, "target": target})
        assert not got.permitted and not got.hold, target
        assert got.cause or name == "protected", target
