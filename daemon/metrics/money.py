"""Spending: what is settled, reserved and left, and the calls of models."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.metrics import labels
from daemon.metrics.labels import ACCOUNTS
from daemon.metrics.registry import Registry


class MoneyMetrics(Registry):
    """Budgets and model calls."""

    def __init__(self) -> None:
        super().__init__()
        units = tuple(label for label, _ in ACCOUNTS.values())
        self._spend = self._counter("spend", "Settled spending; the account names the unit.", account=units)
        self._reserved = self._gauge("reserved", "Reserved and not yet settled, over all campaigns.", account=units)
        self._budget_cap = self._open_gauge("budget_cap", "Cap of a running campaign.", "campaign", "account")
        self._budget_spent = self._open_gauge(
            "budget_spent", "Settled spending of a running campaign.", "campaign", "account"
        )
        self._budget_reserved = self._open_gauge(
            "budget_reserved", "Open reservations of a running campaign.", "campaign", "account"
        )
        self._calls = self._counter(
            "gateway_calls",
            "Model calls through the gateway.",
            model_class=labels.MODEL_CLASSES,
            outcome=labels.CALL_OUTCOMES,
        )
        self._call_time = self._histogram(
            "gateway_call_duration_seconds", "Time of a model call.", labels.SLOW, model_class=labels.MODEL_CLASSES
        )
        self._tokens = self._counter(
            "gateway_tokens", "Tokens of model calls.", model_class=labels.MODEL_CLASSES, direction=labels.DIRECTIONS
        )

    def budget(self, campaign: str, account: str, *, cap: int, spent: int, reserved: int) -> None:
        """A line of a running campaign's ledger statement, in ledger units."""
        if account in ACCOUNTS and self._knows(campaign):
            label, factor = ACCOUNTS[account]
            self._budget_cap.labels(campaign, label).set(cap * factor)
            self._budget_spent.labels(campaign, label).set(spent * factor)
            self._budget_reserved.labels(campaign, label).set(reserved * factor)

    def spent(self, amounts: Mapping[str, int]) -> None:
        """Settled amounts, in ledger units."""
        for account, amount in amounts.items():
            if account in ACCOUNTS and amount > 0:
                label, factor = ACCOUNTS[account]
                self._spend.labels(label).inc(amount * factor)

    def reserved(self, amounts: Mapping[str, int]) -> None:
        """Open reservations over all campaigns, in ledger units; accounts left out have none."""
        for account, (label, factor) in ACCOUNTS.items():
            self._reserved.labels(label).set(amounts.get(account, 0) * factor)

    def gateway_call(self, model: str, outcome: str, seconds: float, *, input_tokens: int, output_tokens: int) -> None:
        """A model call ended; `model` is the full name, only its class is kept."""
        kind = labels.model_class(model)
        self._calls.labels(kind, labels.known(outcome, labels.CALL_OUTCOMES)).inc()
        self._call_time.labels(kind).observe(seconds)
        self._tokens.labels(kind, "input").inc(max(0, input_tokens))
        self._tokens.labels(kind, "output").inc(max(0, output_tokens))
