"""The forecast: honest ranges, drawn from what candidates really took."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from workflows.forecast import added, forecast, predicted
from workflows.models import Account, AccountLine, Costs, Forecast, Progress


def costs_of(amounts: list[int]) -> dict[Account, Costs]:
    costs: dict[Account, Costs] = {}
    for amount in amounts:
        costs = added(costs, {"tokens": amount})
    return costs


def test_equal_costs_leave_no_doubt() -> None:
    line = predicted(costs_of([100, 100, 100])["tokens"], 7, spent=300)
    assert line == Forecast(expected=1000, low=1000, high=1000, basis="candidates")


def test_one_candidate_is_no_basis() -> None:
    assert predicted(costs_of([100])["tokens"], 7) is None


def test_an_account_that_appears_late_was_untouched_before() -> None:
    costs = added(added({}, {"tokens": 5}), {"tokens": 5, "micro_usd": 8})
    assert costs["micro_usd"] == Costs(count=2, total=8.0, squares=64.0)


def test_the_range_holds_what_it_promises() -> None:
    """A 95 % interval over 1,000 campaigns of exponential costs: skewed ones are the hard case."""
    draw = random.Random(4)
    held = 0
    for _ in range(1000):
        amounts = [round(draw.expovariate(1 / 1000)) for _ in range(40)]
        line = predicted(costs_of(amounts[:15])["tokens"], 25, spent=sum(amounts[:15]))
        assert line is not None
        held += line.low <= sum(amounts) <= line.high
    assert 910 <= held <= 990


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=30), st.integers(0, 10**5))
def test_it_is_never_below_what_is_spent(amounts: list[int], further: int) -> None:
    line = predicted(costs_of(amounts)["tokens"], further, spent=sum(amounts))
    assert line is not None
    assert sum(amounts) <= line.low <= line.expected <= line.high


def test_a_campaign_begins_with_the_opening_and_goes_on_with_its_own() -> None:
    opening: dict[Account, Forecast] = {
        "cpu_ms": Forecast(expected=9, low=0, high=9, basis="maximum"),
        "tokens": Forecast(expected=9, low=0, high=9, basis="earlier"),
    }
    progress = Progress(decided=2, costs=costs_of([10, 30]), accounts={"tokens": AccountLine(cap=100, spent=45)})
    found = forecast(opening, progress, 4)
    assert found["cpu_ms"].basis == "maximum"
    assert (found["tokens"].expected, found["tokens"].basis) == (45 + 40, "candidates")
