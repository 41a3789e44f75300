"""What the gateway needs from the rest of the daemon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from daemon.gateway.grants import Grant
from daemon.gateway.pricing import Price
from daemon.gateway.requests import Effective
from workflows.models import Account

Record = Callable[[str, dict[str, Any]], None]
"""Append to the audit log: kind, body. It must be durable when it returns; raising stops the call."""

PutBlob = Callable[[bytes], str]
"""Store content, return its SHA-256."""


class BudgetError(Exception):
    """Raised by a `Ledger` that refuses a reservation; the text may be shown to the candidate."""


class Ledger(Protocol):
    """Reserve-then-settle accounts; both calls are idempotent by key."""

    def reserve(self, campaign: str, key: str, amounts: Mapping[Account, int]) -> None:
        """Hold the amounts. Raises BudgetError when a cap would be crossed."""

    def settle(self, key: str, actual: Mapping[Account, int]) -> None:
        """Replace the reservation by what was really spent."""


class Completion(BaseModel):
    """One answer of a model."""

    model_config = ConfigDict(frozen=True)

    text: str
    finish_reason: str = "stop"
    input_tokens: int
    output_tokens: int


class Provider(Protocol):
    """Something that completes chats: `provider.LiteLLMProvider`, or a fake."""

    def price(self, model: str) -> Price | None:
        """Rates of a model. None: unknown. Raises Refusal for a model that settings do not allow."""

    def complete(self, request: Effective, grant: Grant, call: int) -> Completion:
        """One attempt, blocking. Raises ProviderFault."""
