"""One metered call: journal, reserve, record, ask, journal, settle. Nothing here knows HTTP.

The order is what makes it safe to kill at any line: the ledger holds the maximum before the provider hears of the call,
and the answer is in the journal before the ledger gives anything back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

from daemon.gateway.errors import ProviderFault, Refusal
from daemon.gateway.grants import Grant
from daemon.gateway.journal import Entry, Journal
from daemon.gateway.ports import BudgetError, Completion, Ledger, Provider, PutBlob, Record
from daemon.gateway.pricing import Price, reservation
from daemon.gateway.requests import Effective
from workflows.models import Account

MAX_ATTEMPTS = 5
_LONGEST_WAIT = 30.0


class Paid(BaseModel):
    """A completion and what it cost."""

    model_config = ConfigDict(frozen=True)

    completion: Completion
    spent: dict[Account, int]
    replayed: bool
    """It was paid for by an earlier run of the same step; nothing was spent now."""


class Meter:
    """Thread-safe as long as its parts are; `call` blocks until the provider answers."""

    def __init__(
        self,
        provider: Provider,
        ledger: Ledger,
        journal: Journal,
        record: Record,
        blob: PutBlob,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._provider = provider
        self._ledger = ledger
        self._journal = journal
        self._record = record
        self._blob = blob
        self._sleep = sleep

    def refused(self, grant: Grant, refusal: Refusal) -> None:
        """Record that a request was refused before it cost anything."""
        self._record("model.refused", {**_who(grant), "rule": refusal.rule, "status": refusal.status})

    def call(self, grant: Grant, index: int, request: Effective) -> Paid:
        """Answer call number `index` of a grant, from the journal when it was answered before.

        Raises Refusal (budget, unknown price, provider trouble in our words) and InfrastructureError (journal, audit).
        """
        digest = request.digest()
        entry = self._journal.get(grant.candidate, index, digest)
        if entry is not None and entry.completion is not None:
            self._ledger.settle(entry.key, entry.actual)
            self._record("model.replayed", {**_who(grant), "call": index, "request": digest, "key": entry.key})
            return Paid(completion=entry.completion, spent=entry.actual, replayed=True)
        if entry is not None and entry.state == "begun":
            # Its outcome is unknown: the provider may have charged, so the whole reservation is spent.
            self._ledger.settle(entry.key, entry.reserved)
            self._record("model.unknown", {**_who(grant), "call": index, "request": digest, "key": entry.key})
        price = self._price(request.model)
        first = 0 if entry is None else entry.attempt + 1
        for attempt in range(first, first + MAX_ATTEMPTS):
            begun = self._begin(grant, index, request, digest, attempt, price)
            try:
                completion = self._provider.complete(request, grant, index)
            except ProviderFault as fault:
                self._failed(grant, begun, fault)
                if not fault.retryable or attempt == first + MAX_ATTEMPTS - 1:
                    raise _unavailable(fault) from None
                self._sleep(_wait(fault, attempt - first))
                continue
            return self._done(grant, begun, completion, price)
        raise AssertionError("the loop returns or raises")

    def _price(self, model: str) -> Price:
        price = self._provider.price(model)
        if price is None:
            raise Refusal(
                403,
                "price-unknown",
                f"the price of {model!r} is unknown, and unknown is not free: an operator must set it in the settings",
            )
        return price

    def _begin(self, grant: Grant, index: int, request: Effective, digest: str, attempt: int, price: Price) -> Entry:
        begun = Entry(
            candidate=grant.candidate,
            index=index,
            request=digest,
            attempt=attempt,
            key=f"{grant.candidate}/call/{index}/{digest[:16]}/{attempt}",
            reserved=reservation(request, price),
        )
        try:
            self._ledger.reserve(grant.campaign, begun.key, begun.reserved)
        except BudgetError as error:
            raise Refusal(429, "budget", f"budget: {error}") from error
        self._journal.put(begun)
        body = {
            **_who(grant),
            "call": index,
            "attempt": attempt,
            "key": begun.key,
            "request": digest,
            "prompt": self._blob(request.canonical()),
            "reserved": begun.reserved,
            "price": price.model_dump(exclude_none=True),
        }
        self._record("model.call", body)
        return begun

    def _failed(self, grant: Grant, begun: Entry, fault: ProviderFault) -> None:
        actual: dict[Account, int] = begun.reserved if fault.billed else dict.fromkeys(begun.reserved, 0)
        self._journal.put(begun.model_copy(update={"state": "failed", "actual": actual}))
        self._ledger.settle(begun.key, actual)
        body = {"key": begun.key, "kind": fault.kind, "spent": actual, "detail": self._blob(str(fault)[:4096].encode())}
        self._record("model.fault", {**_who(grant), **body})

    def _done(self, grant: Grant, begun: Entry, completion: Completion, price: Price) -> Paid:
        tokens_in, tokens_out = completion.input_tokens, completion.output_tokens
        actual: dict[Account, int] = {
            "tokens": tokens_in + tokens_out,
            "micro_usd": price.micro_usd(tokens_in, tokens_out),
        }
        done = begun.model_copy(update={"state": "done", "actual": actual, "completion": completion})
        self._journal.put(done)
        self._ledger.settle(begun.key, actual)
        body = {
            "key": begun.key,
            "answer": self._blob(completion.text.encode()),
            "finish": completion.finish_reason,
            "tokens_in": tokens_in,
            "tokens_out": tokens_out,
            "spent": actual,
        }
        self._record("model.answer", {**_who(grant), **body})
        return Paid(completion=completion, spent=actual, replayed=False)


def _who(grant: Grant) -> dict[str, Any]:
    return {"campaign": grant.campaign, "candidate": grant.candidate, "model": grant.model}


def _wait(fault: ProviderFault, retries: int) -> float:
    asked = fault.retry_after if fault.retry_after is not None else 0.5 * 2.0**retries
    return min(max(asked, 0.0), _LONGEST_WAIT)


def _unavailable(fault: ProviderFault) -> Refusal:
    texts = {
        "request": (502, "the model's provider did not accept the request (too long, or filtered)"),
        "key": (503, "the gateway's access to the model was refused; an operator must look"),
        "not-found": (503, "the model does not exist at its provider; an operator must look"),
    }
    status, text = texts.get(fault.kind, (503, "the model is not available now"))
    return Refusal(status, f"provider-{fault.kind}", text)
