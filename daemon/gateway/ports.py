"""What the gateway needs from the rest of the daemon; the shapes of `records.ledger` and `records.journal`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from daemon.gateway.grants import Grant
from daemon.gateway.pricing import Price
from daemon.gateway.requests import Effective
from workflows.models import Account

Record = Callable[[str, dict[str, Any]], object]
"""Append to the audit log: kind, body. It must be durable when it returns; raising stops the call."""

PutBlob = Callable[[bytes], str]
"""Store content, return its SHA-256."""


Permit = Callable[[Grant, Effective, Mapping[Account, int]], None]
"""Ask policy whether this call may be made, reserving these amounts. Raises Refusal for a no; what else it raises stops
the call as a fault of ours."""


class Booked(Protocol):
    """A reservation, as far as the gateway looks at it."""

    @property
    def state(self) -> str:
        """`open`, `settled` or `released`."""


class Ledger(Protocol):
    """Reserve-then-settle accounts; every call is idempotent by key."""

    def reserve(self, campaign: str, key: str, amounts: Mapping[Account, int]) -> object:
        """Hold the amounts. Raises RefusedError when a cap would be crossed."""

    def settle(self, key: str, actual: Mapping[Account, int]) -> object:
        """Replace the reservation by what was spent; accounts left out count at their maximum."""

    def release(self, key: str) -> None:
        """Free a reservation whose effect surely never began."""

    def reservation(self, key: str) -> Booked | None:
        """The reservation under a key, or None."""


class JournalEntry(Protocol):
    """A journaled call, as far as the gateway looks at it."""

    @property
    def response(self) -> str | None:
        """The stored answer; None while its outcome is unknown."""


class Journal(Protocol):
    """Answers that were paid for, by candidate, call index and SHA-256 of the request."""

    def get(self, candidate: str, call_index: int, request_sha256: str) -> JournalEntry | None:
        """The entry, or None when the call was never begun."""

    def begin(self, candidate: str, call_index: int, request_sha256: str) -> object:
        """Mark the call as begun, durably; harmless when it is marked already."""

    def finish(self, candidate: str, call_index: int, request_sha256: str, response: str) -> str:
        """Keep the answer, durably; the first one stands, and is returned."""


class Completion(BaseModel):
    """One answer of a model."""

    model_config = ConfigDict(frozen=True)

    text: str
    finish_reason: str = "stop"
    input_tokens: int
    output_tokens: int
    revision: str = ""
    """What the provider says that it ran: its fingerprint of the system, else its own name of the model."""


class Provider(Protocol):
    """Something that completes chats: `provider.LiteLLMProvider`, or a fake."""

    def price(self, model: str) -> Price | None:
        """Rates of a model. None: unknown. Raises Refusal for a model that settings do not allow."""

    def complete(self, request: Effective, grant: Grant, call: int) -> Completion:
        """One attempt, blocking. Raises ProviderFault."""
