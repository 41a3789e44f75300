"""The ledger's rules, one at a time."""

from __future__ import annotations

import pytest

from daemon.records.db import Database
from daemon.records.ledger import BudgetExceeded, Ledger, LedgerConflict, Line
from workflows.models import ACCOUNTS
from workflows.ports import RefusedError


@pytest.fixture
def ledger(db: Database) -> Ledger:
    ledger = Ledger(db)
    ledger.open("c", {"tokens": 100, "cpu_ms": 50})
    return ledger


def test_reserve_then_settle(ledger: Ledger) -> None:
    ledger.reserve("c", "k", {"tokens": 60, "cpu_ms": 10})
    assert ledger.statement("c") == {"tokens": Line(100, 0, 60), "cpu_ms": Line(50, 0, 10)}
    settled = ledger.settle("k", {"tokens": 20, "cpu_ms": 9})
    assert (settled.state, settled.actual) == ("settled", {"tokens": 20, "cpu_ms": 9})
    assert ledger.statement("c") == {"tokens": Line(100, 20, 0), "cpu_ms": Line(50, 9, 0)}
    assert ledger.unsettled("c") == []


def test_a_reservation_is_all_or_nothing(ledger: Ledger) -> None:
    with pytest.raises(BudgetExceeded) as caught:
        ledger.reserve("c", "k", {"tokens": 1, "cpu_ms": 51})
    error = caught.value
    assert (error.account, error.cap, error.spent, error.reserved, error.asked) == ("cpu_ms", 50, 0, 0, 51)
    assert isinstance(error, RefusedError) and error.rule == "budget:cpu_ms"
    assert "cpu_ms has 50 left of 50" in str(error) and "extend the budget" in str(error)
    assert ledger.statement("c")["tokens"] == Line(100, 0, 0)
    assert ledger.reservation("k") is None


def test_an_account_without_a_cap_refuses_even_nothing(ledger: Ledger) -> None:
    for amount in (0, 1):
        with pytest.raises(BudgetExceeded, match="no cap is set for micro_usd") as caught:
            ledger.reserve("c", "k", {"micro_usd": amount})
        assert caught.value.cap is None
    with pytest.raises(BudgetExceeded, match="no cap is set"):
        ledger.reserve("unknown", "k", {"tokens": 1})


def test_a_key_counts_once(ledger: Ledger) -> None:
    first = ledger.reserve("c", "k", {"tokens": 60})
    assert ledger.reserve("c", "k", {"tokens": 60}) == first
    assert ledger.statement("c")["tokens"].reserved == 60
    ledger.settle("k", {"tokens": 10})
    assert ledger.settle("k", {"tokens": 99}).actual == {"tokens": 10}, "the first settlement stands"
    assert ledger.reserve("c", "k", {"tokens": 60}).state == "settled"
    assert ledger.statement("c")["tokens"] == Line(100, 10, 0)


def test_a_key_of_something_else_is_refused(ledger: Ledger) -> None:
    ledger.open("d", {"tokens": 100})
    ledger.reserve("c", "k", {"tokens": 1})
    with pytest.raises(LedgerConflict):
        ledger.reserve("c", "k", {"tokens": 2})
    with pytest.raises(LedgerConflict):
        ledger.reserve("d", "k", {"tokens": 1})
    with pytest.raises(LedgerConflict, match="reserve before the effect"):
        ledger.settle("unknown", {})


def test_an_overshoot_is_booked_as_it_was(ledger: Ledger) -> None:
    ledger.reserve("c", "k", {"tokens": 90})
    ledger.settle("k", {"tokens": 130, "gpu_ms": 7})
    assert ledger.statement("c")["tokens"] == Line(100, 130, 0)
    assert ledger.statement("c")["tokens"].left == -30
    assert ledger.statement("c")["gpu_ms"] == Line(0, 7, 0), "spent from an account without a cap, and visible"
    with pytest.raises(BudgetExceeded):
        ledger.reserve("c", "k2", {"tokens": 0})


def test_an_unnamed_account_settles_at_its_maximum(ledger: Ledger) -> None:
    ledger.reserve("c", "k", {"tokens": 60, "cpu_ms": 10})
    assert ledger.settle("k", {"tokens": 0}).actual == {"tokens": 0, "cpu_ms": 10}
    ledger.reserve("c", "k2", {"tokens": 5})
    assert ledger.settle("k2", {}).actual == {"tokens": 5}


def test_release_frees_and_may_be_reserved_again(ledger: Ledger) -> None:
    ledger.reserve("c", "k", {"tokens": 60})
    ledger.release("k")
    ledger.release("k")
    ledger.release("unknown")
    assert ledger.statement("c")["tokens"] == Line(100, 0, 0)
    assert ledger.reserve("c", "k", {"tokens": 60}).state == "open"
    ledger.settle("k", {"tokens": 60})
    ledger.release("k")
    assert ledger.statement("c")["tokens"] == Line(100, 60, 0), "what was spent is not freed"


def test_settling_a_released_key_books_the_spending(ledger: Ledger) -> None:
    ledger.reserve("c", "k", {"tokens": 60})
    ledger.release("k")
    ledger.settle("k", {"tokens": 5})
    assert ledger.statement("c")["tokens"] == Line(100, 5, 0)


def test_opening_again_is_harmless_and_other_caps_are_refused(ledger: Ledger) -> None:
    ledger.extend("c", {"tokens": 11, "gpu_ms": 3}, key="x")
    ledger.open("c", {"tokens": 100, "cpu_ms": 50})
    assert ledger.statement("c")["tokens"].cap == 111
    with pytest.raises(LedgerConflict, match="use extend"):
        ledger.open("c", {"tokens": 101, "cpu_ms": 50})


def test_an_extension_counts_once(ledger: Ledger) -> None:
    after = ledger.extend("c", {"tokens": 10, "gpu_ms": 3}, key="x")
    assert ledger.extend("c", {"tokens": 10, "gpu_ms": 3}, key="x") == after == ledger.statement("c")
    assert after["tokens"] == Line(110, 0, 0) and after["gpu_ms"] == Line(3, 0, 0)
    with pytest.raises(LedgerConflict):
        ledger.extend("c", {"tokens": 11}, key="x")
    with pytest.raises(LedgerConflict, match="open it first"):
        ledger.extend("unknown", {"tokens": 11}, key="y")


def test_spent_since_counts_settled_and_everything_open(ledger: Ledger) -> None:
    ledger.open("d", {"tokens": 100, "gpu_ms": 5})
    ledger.reserve("c", "old", {"tokens": 30})
    settled = ledger.settle("old", {"tokens": 3})
    ledger.reserve("d", "open", {"tokens": 40, "gpu_ms": 5})
    ledger.reserve("d", "gone", {"tokens": 40})
    ledger.release("gone")
    assert set(ledger.spent_since(0)) == set(ACCOUNTS)
    assert ledger.spent_since(0)["tokens"] == 43
    assert ledger.spent_since(settled.created + 3600)["tokens"] == 40
    assert ledger.spent_since(0)["gpu_ms"] == 5


def test_unsettled_lists_what_a_crash_left(ledger: Ledger) -> None:
    for key in ("a", "b", "c"):
        ledger.reserve("c", key, {"tokens": 1})
    ledger.settle("b", {})
    assert [(found.key, found.amounts) for found in ledger.unsettled("c")] == [
        ("a", {"tokens": 1}),
        ("c", {"tokens": 1}),
    ]


@pytest.mark.parametrize("amount", [-1, 1.5, True, None, 2**63, "1"])
def test_amounts_are_whole_numbers(ledger: Ledger, amount: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        ledger.reserve("c", "k", {"tokens": amount})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="unknown account"):
        ledger.reserve("c", "k", {"euros": 1})  # type: ignore[dict-item]
