"""Which model of an ensemble proposes."""

from __future__ import annotations

from random import Random

import pytest

from daemon.search.ensemble import REST, arms_of, ranked, resting
from tests.daemon.search.herd import made, seed

BOTH = ("m", "n")


def test_only_accepted_gains_earn() -> None:
    members = [seed(), made(1, score=2.0), made(2, "failed:no-gain", score=9.0, model="n"), made(3, "", model="n")]
    arms = arms_of(members, BOTH)
    assert arms["m"].log_sum is not None and arms["n"].log_sum is None
    assert (arms["n"].submitted, arms["n"].completed) == (2, 1), "one is in flight"


def test_the_state_does_not_depend_on_the_unit() -> None:
    small = [seed(), made(1, score=0.002), made(2, score=0.001, model="n")]
    large = [seed(), made(1, score=2000.0), made(2, score=1000.0, model="n")]
    for name in BOTH:
        one, other = arms_of(small, BOTH)[name].log_sum, arms_of(large, BOTH)[name].log_sum
        assert one is not None and other == pytest.approx(one)


def test_the_model_that_gains_is_asked_more() -> None:
    members = [seed()]
    for number in range(1, 41):
        first = ranked(members, BOTH, number, Random(number))[0]
        members.append(made(number, "accepted" if first == "m" else "failed:no-gain", score=1.0, model=first))
    asked = [one.model for one in members[1:]]
    assert asked.count("m") > 2 * asked.count("n") > 0


def test_a_model_whose_provider_fails_rests_for_a_while_and_is_last() -> None:
    faults = [made(number, "inconclusive:propose", model="n") for number in (3, 4)]
    members = [seed(), made(1, score=1.0), made(2, score=1.0, model="n"), *faults]
    assert resting(members, BOTH, 5) == {"n"}
    assert {tuple(ranked(members, BOTH, 5, Random(n))) for n in range(20)} == {("m", "n")}
    assert resting(members, BOTH, 4 + REST + 1) == set()
    assert resting([*members, made(5, "failed:wrong", model="n")], BOTH, 6) == set()


def test_when_all_rest_one_is_asked_all_the_same() -> None:
    faults = [made(number, "inconclusive:propose", model=model) for number, model in enumerate("mmnn", 1)]
    assert sorted(ranked([seed(), *faults], BOTH, 5, Random(0))) == ["m", "n"]


def test_one_model_needs_no_draw() -> None:
    rng = Random(5)
    before = rng.getstate()
    assert ranked([seed()], ("m", "m"), 1, rng) == ["m"] and rng.getstate() == before
