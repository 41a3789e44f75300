"""A/A calibration and the smallest detectable effect."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.accept import Acceptance, Rule, alpha_for
from daemon.search.calibration import calibrate, smallest_detectable
from daemon.search.streams import stream


def _pairs(sigma: float, count: int) -> list[float]:
    rng = stream("aa")
    return [rng.gauss(0, sigma) - rng.gauss(0, sigma) for _ in range(count)]


def test_the_noise_of_one_run_is_found() -> None:
    assert calibrate(_pairs(0.03, 400)) == pytest.approx(0.03, rel=0.15)


def test_single_spikes_do_not_move_it() -> None:
    assert calibrate([*_pairs(0.03, 60), 5.0, -7.0]) == pytest.approx(calibrate(_pairs(0.03, 60)), rel=0.15)


def test_a_mostly_silent_metric_is_not_taken_for_noiseless() -> None:
    assert calibrate([0.0] * 8 + [0.1]) > 0
    assert calibrate([0.0] * 9) == 0


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30), st.sampled_from([0.5, 4.0]))
def test_it_scales_with_its_unit(gains: list[float], unit: float) -> None:
    assert calibrate([gain * unit for gain in gains]) == pytest.approx(calibrate(gains) * unit)


@pytest.mark.parametrize("gains", [[], [math.nan], [0.1, math.inf]])
def test_nothing_to_calibrate_on_is_refused(gains: list[float]) -> None:
    with pytest.raises(ValueError, match="A/A pair"):
        calibrate(gains)


def test_the_detectable_effect_is_detected_and_half_of_it_is_not() -> None:
    rule, alpha = Rule(0.03), alpha_for(10, 0.05)
    effect = smallest_detectable(rule, alpha)
    rng = stream("check")

    def found(true_effect: float) -> int:
        tests = (Acceptance(rule, alpha) for _ in range(200))
        return sum(
            test.add([true_effect + rng.gauss(0, 0.03 * math.sqrt(2)) for _ in range(60)]).outcome == "accepted"
            for test in tests
        )

    assert found(effect) >= 0.65 * 200
    assert found(effect / 2) <= 0.3 * 200


def test_the_detectable_effect_grows_with_noise_and_with_the_number_of_candidates() -> None:
    early, late = alpha_for(1, 0.05), alpha_for(100, 0.05)
    assert smallest_detectable(Rule(0.06), early) == pytest.approx(2 * smallest_detectable(Rule(0.03), early))
    assert smallest_detectable(Rule(0.03), late) > smallest_detectable(Rule(0.03), early)
    shifted = smallest_detectable(Rule(0.03, min_effect=0.01), early)
    assert shifted == pytest.approx(smallest_detectable(Rule(0.03), early) + 0.01)


def test_without_noise_everything_above_the_least_effect_is_found() -> None:
    assert smallest_detectable(Rule(0.0, min_effect=0.5), 0.01) == 0.5


def test_too_few_pairs_detect_nothing() -> None:
    assert smallest_detectable(Rule(0.03, max_pairs=3), 1e-6) == math.inf
    assert smallest_detectable(Rule(0.0, max_pairs=3), 1e-6) == math.inf
