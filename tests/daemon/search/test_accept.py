"""The accept rule: formulas, false acceptances, power, futility."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.accept import (
    Acceptance,
    Decision,
    EProcess,
    Rule,
    alpha_for,
    difference_gains,
    log_ratio_gains,
)
from daemon.search.streams import stream

GAINS = st.lists(st.floats(-1, 1), max_size=80)


@dataclass
class Timed:
    parent: float
    child: float


def _noisy(rng: random.Random, sigma: float, effect: float, pairs: int = 60) -> list[float]:
    return [rng.gauss(0, sigma) - rng.gauss(0, sigma) + effect for _ in range(pairs)]


def _accepted(sigma: float, effect: float, alpha: float, trials: int, **rule: float) -> list[int]:
    """Pairs that each accepted candidate needed."""
    rng = stream("power", str(sigma), str(effect))
    found = []
    for _ in range(trials):
        decision = Acceptance(Rule(sigma, **rule), alpha).add(_noisy(rng, sigma, effect))  # type: ignore[arg-type]
        if decision.outcome == "accepted":
            found.append(decision.pairs)
    return found


def test_gains_are_positive_when_the_child_is_better() -> None:
    assert log_ratio_gains([Timed(2.0, 1.0), Timed(1.0, 1.0)]) == pytest.approx([math.log(2), 0.0])
    assert difference_gains([Timed(2.0, 2.5)]) == [0.5]
    assert difference_gains([Timed(2.0, 2.5)], lower_is_better=True) == [-0.5]


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_impossible_times_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite and above zero"):
        log_ratio_gains([Timed(1.0, value)])
    with pytest.raises(ValueError, match="finite and above zero"):
        log_ratio_gains([Timed(value, 1.0)])


def test_metric_values_must_be_finite() -> None:
    with pytest.raises(ValueError, match="must be finite"):
        difference_gains([Timed(1.0, math.nan)])
    with pytest.raises(ValueError, match="must be finite"):
        EProcess(1.0).add(math.inf)


def test_the_value_follows_the_formula() -> None:
    process = EProcess(clip_scale=2.0, min_effect=0.5)
    assert process.add(1.5) == 1.0  # x = 0.5, nothing known yet: no bet
    assert process.add(0.5) == 1.0  # x = 0 at the full bet changes nothing
    # m = 0.25, v + m² = 0.125: Kelly says 2, the cap says 0.9; x clips to 1
    assert process.add(9.0) == pytest.approx(1.9)
    # m = 0.5, v + m² = (0.25 + 1) / 3: bet 1.2, cap 0.9; x clips to −1
    assert process.add(-9.0) == pytest.approx(0.19)
    assert process.peak == pytest.approx(1.9)


@given(GAINS, st.floats(0, 2), st.floats(-0.5, 0.5))
def test_the_value_stays_above_zero_and_below_its_peak(gains: list[float], scale: float, effect: float) -> None:
    process = EProcess(scale, effect)
    for gain in gains:
        assert 0 < process.add(gain) <= process.peak
    assert process.pairs == len(gains)
    assert process.peak <= 1.9 ** max(0, len(gains) - 1) * (1 + 1e-9)


@given(GAINS, st.floats(0.01, 2))
def test_a_bet_never_looks_at_the_pair_it_is_placed_on(gains: list[float], scale: float) -> None:
    one, other = EProcess(scale), EProcess(scale)
    for gain in gains:
        one.add(gain)
        other.add(gain)
    before = one.value
    up, down = one.add(scale) / before, other.add(-scale) / before
    assert up + down == pytest.approx(2.0)  # a fair bet: 1 + λ and 1 − λ


@given(st.lists(st.integers(-64, 64).map(float), max_size=40), st.sampled_from([0.25, 4.0, 1024.0]))
def test_the_unit_of_the_gain_does_not_matter(gains: list[float], unit: float) -> None:
    plain, scaled = Acceptance(Rule(8.0), 0.05), Acceptance(Rule(8.0 * unit), 0.05)
    scaled.add([gain * unit for gain in gains])
    plain.add(gains)
    assert scaled.decision == plain.decision


def test_alpha_is_spent_and_never_overspent() -> None:
    assert alpha_for(1, 0.05) == pytest.approx(0.05 * 6 / math.pi**2)
    assert alpha_for(10, 0.05) == pytest.approx(alpha_for(1, 0.05) / 100)
    assert 0.049 < math.fsum(alpha_for(j, 0.05) for j in range(1, 10_000)) < 0.05
    assert math.fsum(alpha_for(j, 0.05, planned=40) for j in range(1, 41)) == pytest.approx(0.05)


def test_alpha_outside_the_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond the 40 planned"):
        alpha_for(41, 0.05, planned=40)
    with pytest.raises(ValueError, match="j >= 1"):
        alpha_for(0, 0.05)
    with pytest.raises(ValueError, match="alpha"):
        Acceptance(Rule(1.0), 0.0)


def _normal(rng: random.Random) -> float:
    return rng.gauss(0, 0.03)


def _spiky(rng: random.Random) -> float:
    """Mostly quiet, now and then preempted: what a shared machine looks like."""
    return abs(rng.gauss(0, 0.01)) + (rng.expovariate(4) if rng.random() < 0.1 else 0.0)


def _drifting(rng: random.Random) -> float:
    return rng.lognormvariate(0, 0.2)


@pytest.mark.parametrize("noise", [_normal, _spiky, _drifting])
@pytest.mark.parametrize("planned", [None, 1000])
def test_a_thousand_null_candidates(noise: Callable[[random.Random], float], planned: int | None) -> None:
    """At most 1 % of A/A candidates may be accepted; with α shared out, hardly one in the whole campaign is."""
    rng = stream("null", noise.__name__)
    accepted = 0
    for j in range(1, 1001):
        test = Acceptance(Rule(0.03), alpha_for(j, 0.05, planned=planned))
        accepted += test.add([noise(rng) - noise(rng) for _ in range(60)]).outcome == "accepted"
    assert accepted <= 1


def test_a_null_candidate_at_a_fixed_alpha() -> None:
    assert len(_accepted(0.01, 0.0, 0.05, 1000)) <= 0.05 * 1000


def test_a_worthless_gain_is_a_null_candidate() -> None:
    """A child that is faster, but by less than the least effect, stays out."""
    assert len(_accepted(0.01, math.log1p(0.005), 0.05, 400, min_effect=math.log1p(0.01))) <= 0.02 * 400


@pytest.mark.parametrize(
    ("sigma", "effect", "alpha", "share", "pairs"),
    [
        (0.01, 0.01, 0.05, 0.96, 24),
        (0.03, 0.05, 0.05, 0.99, 15),
        (0.03, 0.02, 0.05, 0.70, 36),
        (0.10, 0.15, 0.05, 0.99, 18),
        (0.10, 0.05, 0.05, 0.40, 40),
        (0.03, 0.05, 0.005, 0.98, 25),
    ],
)
def test_power(sigma: float, effect: float, alpha: float, share: float, pairs: int) -> None:
    """Real gains are found, with futility on: a little below the figures measured for the bare e-process."""
    found = _accepted(sigma, math.log1p(effect), alpha, 400)
    assert len(found) >= share * 400
    assert median(found) <= pairs


def test_futility_spares_the_measurements_of_worse_candidates() -> None:
    rng = stream("worse")
    spent = []
    for _ in range(200):
        decision = Acceptance(Rule(0.03), alpha_for(20, 0.05)).add(_noisy(rng, 0.03, -0.05))
        assert decision.outcome == "futile"
        spent.append(decision.pairs)
    assert median(spent) <= 8


@given(GAINS, st.floats(0, 0.2), st.floats(0.0001, 0.2), st.integers(1, 60))
def test_futility_only_ever_rejects(gains: list[float], sigma: float, alpha: float, max_pairs: int) -> None:
    """Whatever is accepted with futility would also be accepted by the bare e-process."""
    decision = Acceptance(Rule(sigma, max_pairs=max_pairs), alpha).add(gains)
    bare = EProcess(Rule(sigma).clip_scale)
    for gain in gains[:max_pairs]:
        bare.add(gain)
    if decision.outcome == "accepted":
        assert bare.peak >= decision.threshold == 1 / alpha
    if bare.peak < 1 / alpha:
        assert decision.outcome != "accepted"


@given(GAINS, st.floats(0, 0.2), st.integers(1, 10))
def test_batches_do_not_matter_and_a_final_answer_stays(gains: list[float], sigma: float, size: int) -> None:
    whole, parts = Acceptance(Rule(sigma), 0.05), Acceptance(Rule(sigma), 0.05)
    whole.add(gains)
    seen: list[Decision] = []
    for start in range(0, len(gains), size):
        seen.append(parts.add(gains[start : start + size]))
    assert parts.decision == whole.decision
    final = [decision for decision in seen if decision.outcome != "undecided"]
    assert len(set(final)) <= 1


def test_pairs_run_out() -> None:
    decision = Acceptance(Rule(0.01, max_pairs=10, patience=50), 0.05).add([0.02, 0.0] * 10)
    assert decision.outcome == "futile"
    assert decision.pairs <= 10


@given(st.lists(st.floats(-1, 1), min_size=60, max_size=60), st.floats(0, 2))
def test_every_test_ends(gains: list[float], sigma: float) -> None:
    assert Acceptance(Rule(sigma), 0.01).add(gains).outcome != "undecided"


def test_a_threshold_out_of_reach_costs_no_pair() -> None:
    assert Acceptance(Rule(0.01, max_pairs=3), 1e-6).decision.reason == "out-of-reach"


def test_a_metric_without_noise_needs_only_the_sign() -> None:
    better = Acceptance(Rule(0.0), 0.01).add([1e-9] * 60)
    assert (better.outcome, better.pairs) == ("accepted", 9)  # 1.9⁸ > 100
    assert Acceptance(Rule(0.0), 0.01).add([0.0] * 60).outcome == "futile"
    assert Acceptance(Rule(0.0), 0.01).add([-1e-9] * 60).outcome == "futile"


def test_an_exact_metric_may_be_accepted_after_a_few_equal_repeats() -> None:
    rule = Rule(0.0, min_effect=0.1, exact_pairs=3)
    accepted = Acceptance(rule, 1e-5).add([0.2, 0.2, 0.2])
    assert (accepted.outcome, accepted.reason, accepted.pairs) == ("accepted", "exact", 3)
    assert Acceptance(rule, 1e-5).add([0.2, 0.2, 0.3]).outcome == "undecided"
    assert Acceptance(rule, 1e-5).add([0.1, 0.1, 0.1]).outcome == "undecided"
    assert Acceptance(Rule(0.01, exact_pairs=3), 1e-5).add([0.2, 0.2, 0.2]).outcome == "undecided"
