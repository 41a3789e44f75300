"""CPU time beyond a child's own calls: what is explained, and what is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.background import SLACK_SECONDS, Account

SECONDS = st.lists(st.floats(0.001, 1.0), min_size=1, max_size=40)


@given(SECONDS, st.floats(1.0, 8.0))
def test_calls_explain_what_they_took(calls: list[float], cpus: float) -> None:
    account = Account(cpus)
    account.add(cpus * sum(calls), calls, calls, extra=1)
    assert account.used <= account.allowed


@given(SECONDS)
def test_burning_through_the_parents_calls_is_noticed(calls: list[float]) -> None:
    account = Account(1.0)
    account.add(sum(calls) + 0.5 * sum(calls) + 2 * SLACK_SECONDS, calls, calls, extra=0)
    assert account.used > account.allowed


def test_slack_is_given_once() -> None:
    account = Account(0.5)
    for _ in range(100):
        account.add(0.02, [0.01], [0.01], extra=0)
    assert account.allowed < 100 * 0.012 + SLACK_SECONDS < account.used
