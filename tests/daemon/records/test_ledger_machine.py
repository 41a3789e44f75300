"""The ledger against a model of it, over random sequences of operations with repeated keys."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from daemon.records.db import Database, sqlite_url
from daemon.records.ledger import BudgetExceeded, Ledger, LedgerConflict

KEYS = st.sampled_from([f"k{number}" for number in range(6)])
AMOUNTS = st.dictionaries(st.sampled_from(["tokens", "cpu_ms", "gpu_ms"]), st.integers(0, 60), max_size=3)


def told(amounts: dict[str, int]) -> dict[str, int]:
    """Nothing reserved on an account is the same as not naming it."""
    return {account: amount for account, amount in amounts.items() if amount}


class LedgerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.db = Database(sqlite_url(Path(self.folder.name) / "records.db"))
        self.ledger = Ledger(self.db)
        self.caps: dict[str, int] = {"tokens": 100, "cpu_ms": 80}
        self.state: dict[str, str] = {}
        self.asked: dict[str, dict[str, int]] = {}
        self.actual: dict[str, dict[str, int]] = {}
        self.extended: dict[str, dict[str, int]] = {}

    @initialize()
    def open(self) -> None:
        self.ledger.open("c", {"tokens": 100, "cpu_ms": 80})

    def used(self, account: str) -> int:
        open_ = sum(self.asked[key].get(account, 0) for key, state in self.state.items() if state == "open")
        return open_ + self.spent(account)

    def spent(self, account: str) -> int:
        return sum(actual.get(account, 0) for actual in self.actual.values())

    @rule(key=KEYS, amounts=AMOUNTS)
    def reserve(self, key: str, amounts: Any) -> None:
        known = key in self.state
        fits = all(a in self.caps and self.used(a) + amount <= self.caps[a] for a, amount in amounts.items())
        try:
            self.ledger.reserve("c", key, amounts)
        except LedgerConflict:
            assert known and told(self.asked[key]) != told(amounts)
        except BudgetExceeded as error:
            assert not fits and (not known or self.state[key] == "released")
            assert error.cap == self.caps.get(error.account)
        else:
            if not known or self.state[key] == "released":
                assert fits and told(self.asked.get(key, amounts)) == told(amounts)
                self.state[key], self.asked[key] = "open", amounts
            else:
                assert told(self.asked[key]) == told(amounts)

    @rule(key=KEYS, actual=AMOUNTS)
    def settle(self, key: str, actual: Any) -> None:
        try:
            self.ledger.settle(key, actual)
        except LedgerConflict:
            assert key not in self.state
            return
        if self.state[key] != "settled":
            self.actual[key] = {**self.asked[key], **actual}
            self.state[key] = "settled"
            for account in self.actual[key]:
                self.caps.setdefault(account, 0)

    @rule(key=KEYS)
    def release(self, key: str) -> None:
        self.ledger.release(key)
        if self.state.get(key) == "open":
            self.state[key] = "released"

    @rule(key=st.sampled_from("xyz"), amounts=AMOUNTS)
    def extend(self, key: str, amounts: Any) -> None:
        try:
            self.ledger.extend("c", amounts, key=key)
        except LedgerConflict:
            assert self.extended[key] != amounts
            return
        if amounts and key not in self.extended:
            self.extended[key] = amounts
            for account, amount in amounts.items():
                self.caps[account] = self.caps.get(account, 0) + amount

    @invariant()
    def agrees(self) -> None:
        if not self.ledger.statement("c"):
            return
        lines = self.ledger.statement("c")
        assert {a: line.cap for a, line in lines.items()} == self.caps
        for account, line in lines.items():
            assert line.spent == self.spent(account)
            assert line.spent + line.reserved == self.used(account)
        opened = {key for key, state in self.state.items() if state == "open"}
        assert {found.key for found in self.ledger.unsettled("c")} == opened
        assert self.ledger.spent_since(0)["tokens"] == self.used("tokens")

    def teardown(self) -> None:
        self.db.close()
        self.folder.cleanup()


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
