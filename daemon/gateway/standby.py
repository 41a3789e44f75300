"""Another model answers when the asked one's provider does not."""

from __future__ import annotations

from daemon.gateway.errors import Refusal
from daemon.gateway.grants import Grant
from daemon.gateway.meter import Meter, Paid
from daemon.gateway.requests import Effective


def ask(meter: Meter, grant: Grant, index: int, request: Effective) -> Paid:
    """One answer, of the asked model or of the first of the grant's fallbacks whose provider gives one.

    An answer that was paid for before, whoever gave it, comes first: a retried step buys nothing again. Raises Refusal.
    """
    stand_ins = [model for model in grant.fallbacks if model != request.model]
    asked = [request, *(request.model_copy(update={"model": model}) for model in stand_ins)]
    for one in asked:
        replayed = meter.replay(grant, index, one)
        if replayed is not None:
            return replayed
    for one in asked[:-1]:
        try:
            return meter.call(grant, index, one)
        except Refusal as refusal:
            if not refusal.rule.startswith("provider-"):
                raise
    return meter.call(grant, index, asked[-1])
