"""One metered call: journal, reserve, record, ask, journal, settle. Nothing here knows HTTP.

The order is what makes it safe to kill at any line: the ledger holds the maximum before the provider hears of the call,
and the answer is in the journal and in the audit log before the ledger gives anything back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

from daemon.gateway.errors import ProviderFault, Refusal
from daemon.gateway.grants import Grant
from daemon.gateway.ports import Completion, Journal, Ledger, Permit, Provider, PutBlob, Record
from daemon.gateway.pricing import Price, reservation
from daemon.gateway.requests import Effective
from workflows.models import Account
from workflows.ports import RefusedError

MAX_ATTEMPTS = 5
_LONGEST_WAIT = 30.0


class Paid(BaseModel):
    """A completion and what it cost; what the journal keeps."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    completion: Completion
    key: str
    """Ledger key of the attempt that brought it."""
    spent: dict[Account, int]
    replayed: bool = False
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
        permit: Permit = lambda grant, request, amounts: None,
        sleep: Callable[[float], None] = time.sleep,
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        self._provider = provider
        self._ledger = ledger
        self._journal = journal
        self._record = record
        self._blob = blob
        self._permit = permit
        # Policy is asked and money reserved as one, so that a day's cap holds between calls too.
        self._admission = threading.Lock()
        self._sleep = sleep
        self._redact = redact  # providers quote the key that they refuse

    def refused(self, grant: Grant, refusal: Refusal) -> None:
        """Record that a request was refused before it cost anything."""
        self._record("model.refused", {**_who(grant), "rule": refusal.rule, "status": refusal.status})

    def call(self, grant: Grant, index: int, request: Effective) -> Paid:
        """Answer call number `index` of a grant, from the journal when it was answered before.

        Raises Refusal (budget, unknown price, provider trouble in our words), and whatever the ledger, the journal and
        the audit log raise when they cannot write: no call goes out that is not written down.
        """
        digest = request.digest()
        base = {**_who(grant), "model": request.model, "call": index, "request": digest}
        entry = self._journal.get(grant.candidate, index, digest)
        if entry is not None and entry.response is not None:
            paid = Paid.model_validate_json(entry.response)
            self._ledger.settle(paid.key, paid.spent)
            self._record("model.replayed", {**base, "key": paid.key})
            return paid.model_copy(update={"replayed": True})
        price = self._price(request.model)
        first = self._close_unknown(grant, request.model, index, digest, base)
        self._journal.begin(grant.candidate, index, digest)
        for attempt in range(first, first + MAX_ATTEMPTS):
            key = _key(grant, request.model, index, digest, attempt)
            self._admit(grant, key, request, reservation(request, price))
            body = {
                "key": key,
                "attempt": attempt,
                "prompt": self._blob(request.canonical()),
                "reserved": reservation(request, price),
                "price": price.model_dump(exclude_none=True),
            }
            try:
                self._record("model.call", {**base, **body})
            except BaseException:
                self._ledger.release(key)  # nobody was asked
                raise
            try:
                completion = self._provider.complete(request, grant, index)
            except ProviderFault as fault:
                self._failed(base, key, fault, reservation(request, price))
                if not fault.retryable or attempt == first + MAX_ATTEMPTS - 1:
                    raise _unavailable(fault) from None
                self._sleep(_wait(fault, attempt - first))
                continue
            return self._done(grant, index, digest, base, key, completion, price)
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

    def _close_unknown(self, grant: Grant, model: str, index: int, digest: str, base: dict[str, Any]) -> int:
        """The first attempt that was never made. One left open by a crash may have been charged: it counts whole."""
        attempt = 0
        while (booked := self._ledger.reservation(_key(grant, model, index, digest, attempt))) is not None:
            if booked.state == "open":
                self._ledger.settle(_key(grant, model, index, digest, attempt), {})
                self._record("model.unknown", {**base, "key": _key(grant, model, index, digest, attempt)})
            attempt += 1
        return attempt

    def _admit(self, grant: Grant, key: str, request: Effective, amounts: dict[Account, int]) -> None:
        with self._admission:
            self._permit(grant, request, amounts)
            self._reserve(grant, key, amounts)

    def _reserve(self, grant: Grant, key: str, amounts: dict[Account, int]) -> None:
        try:
            self._ledger.reserve(grant.campaign, key, amounts)
        except RefusedError as error:
            raise Refusal(429, error.rule, str(error)) from error

    def _failed(self, base: dict[str, Any], key: str, fault: ProviderFault, most: dict[Account, int]) -> None:
        detail = self._blob(self._redact(str(fault))[:4096].encode("utf-8", "replace"))
        spent = most if fault.billed else dict.fromkeys(most, 0)
        told = {"key": key, "kind": fault.kind, "billed": fault.billed, "detail": detail, "spent": spent}
        try:
            self._record("model.fault", {**base, **told})
        finally:
            self._ledger.settle(key, spent)

    def _done(
        self,
        grant: Grant,
        index: int,
        digest: str,
        base: dict[str, Any],
        key: str,
        completion: Completion,
        price: Price,
    ) -> Paid:
        tokens_in, tokens_out = completion.input_tokens, completion.output_tokens
        spent: dict[Account, int] = {
            "tokens": tokens_in + tokens_out,
            "micro_usd": price.micro_usd(tokens_in, tokens_out),
        }
        paid = Paid(completion=completion, key=key, spent=spent)
        kept = Paid.model_validate_json(
            self._journal.finish(grant.candidate, index, digest, paid.model_dump_json(exclude={"replayed"}))
        )
        body = {
            "key": key,
            "answer": self._blob(completion.text.encode()),
            "finish": completion.finish_reason,
            "revision": completion.revision,
            "tokens_in": tokens_in,
            "tokens_out": tokens_out,
            "spent": spent,
        }
        try:
            self._record("model.answer", {**base, **body})
        finally:
            self._ledger.settle(key, spent)
        # Two runs of one step may have asked at once. Both were charged, and both continue with the first answer.
        return paid.model_copy(update={"completion": kept.completion})


def _who(grant: Grant) -> dict[str, Any]:
    return {"campaign": grant.campaign, "candidate": grant.candidate, "model": grant.model}


def _key(grant: Grant, model: str, index: int, digest: str, attempt: int) -> str:
    """Names the model too: the ledger sums by it (`spent_since`)."""
    return f"{grant.candidate}/call/{model}/{index}/{digest[:16]}/{attempt}"


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
