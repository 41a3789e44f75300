"""What one candidate may ask of a model, and what it used."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Grant(BaseModel):
    """The right of one candidate to call one model. Opened before its container starts, closed after it ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidate: str = Field(min_length=1, max_length=200)
    campaign: str = Field(min_length=1, max_length=200)
    number: int = Field(ge=0)
    """Candidate number in its campaign; the scripted model answers by it."""
    model: str = Field(min_length=1, max_length=200)
    roles: dict[str, str] = {}
    """Models for some of the agent's roles (`plan`, `edit`, `summarise`); any other role is served by `model`."""
    max_calls: int = Field(ge=1, le=10_000)
    max_tokens: int = Field(ge=1, le=1_000_000)
    """Most tokens of one answer."""
    seed: int = Field(0, ge=0)


class Usage(BaseModel):
    """What a grant cost, by the gateway's own count."""

    model_config = ConfigDict(frozen=True)

    calls: int = 0
    """Requests answered with a completion, replays from the journal included."""
    replayed: int = 0
    tokens: int = 0
    """Tokens settled, replays not included."""
    micro_usd: int = 0
    """Money settled, replays not included."""
    refused: tuple[str, ...] = ()
    """Rules that refused a request, in order, at most 32."""
    faults: tuple[str, ...] = ()
    """Kinds of provider faults that were handed to the candidate: our side's trouble, not the candidate's."""
