"""Money of one call, in integer micro-USD: the most it can cost, and what it did cost."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from daemon.gateway.requests import Effective
from workflows.models import Account

LONG_PROMPT_TOKENS = 128_000
"""Providers with a dearer rate for long prompts start it here or later."""

_MESSAGE_OVERHEAD = 16
"""Tokens that chat templates add around a message: role, separators; generous."""


class Price(BaseModel):
    """Rates in micro-USD per million tokens (so 0.15 USD per million is 150,000)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: int = Field(ge=0)
    output: int = Field(ge=0)
    long_input: int | None = Field(None, ge=0)
    long_output: int | None = Field(None, ge=0)

    def micro_usd(self, input_tokens: int, output_tokens: int) -> int:
        """Cost, rounded up, at the rates that the length of the prompt calls for."""
        long = input_tokens > LONG_PROMPT_TOKENS
        rate_in = self.long_input if long and self.long_input is not None else self.input
        rate_out = self.long_output if long and self.long_output is not None else self.output
        return -(-(input_tokens * rate_in + output_tokens * rate_out) // 1_000_000)

    def most(self, input_tokens: int, output_tokens: int) -> int:
        """The dearest that a call of this size can be."""
        dearest = Price(input=max(self.input, self.long_input or 0), output=max(self.output, self.long_output or 0))
        return dearest.micro_usd(input_tokens, output_tokens)


FREE = Price(input=0, output=0)


def most_input_tokens(request: Effective) -> int:
    """Upper bound of the prompt's tokens: byte-level tokenisers never make more tokens than bytes."""
    return sum(len(message["content"].encode()) + _MESSAGE_OVERHEAD for message in request.messages)


def reservation(request: Effective, price: Price) -> dict[Account, int]:
    """The most that the call can take from the ledger."""
    tokens_in = most_input_tokens(request)
    return {"tokens": tokens_in + request.max_tokens, "micro_usd": price.most(tokens_in, request.max_tokens)}
