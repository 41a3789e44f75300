"""The allow-list: which request fields a candidate may send, with which values. Everything else is a 400.

There are no tools, no media and no URLs here: each of them makes a provider (or the gateway) act for the candidate.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from daemon.gateway.errors import Refusal
from daemon.gateway.grants import Grant

MAX_BODY_BYTES = 1024 * 1024
MODEL_ALIAS = "ratchet"
"""A candidate may name its model by this word, or by `ratchet:<role>`, whatever the grant says."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TextPart(_Strict):
    """One text part of a message; no other part type exists here."""

    type: Literal["text"]
    text: str


class Message(_Strict):
    """A chat message, text only."""

    role: Literal["system", "user", "assistant"]
    content: str | Annotated[list[TextPart], Field(min_length=1, max_length=64)]

    @property
    def text(self) -> str:
        """The whole text of the message."""
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)


class StreamOptions(_Strict):
    """What a stream tells besides the answer."""

    include_usage: bool = False


class ChatRequest(_Strict):
    """Body of POST /v1/chat/completions."""

    model: str = Field(min_length=1, max_length=200)
    messages: Annotated[list[Message], Field(min_length=1, max_length=64)]
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2, allow_inf_nan=False)
    top_p: float | None = Field(None, gt=0, le=1, allow_inf_nan=False)
    seed: int | None = Field(None, ge=0, lt=2**63)
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    n: Literal[1] | None = None
    stream: bool | None = None
    """As server-sent events, once the answer is whole."""
    stream_options: StreamOptions | None = None


class Effective(BaseModel):
    """What goes to the provider: the request after the grant's clamps."""

    model_config = ConfigDict(frozen=True)

    model: str
    messages: list[dict[str, str]]
    max_tokens: int
    parameters: dict[str, Any]
    """`seed` always; `temperature`, `top_p`, `stop` when the candidate set them."""
    kind: Literal["chat", "embedding"] = "chat"
    """An embedding is of the one message's text. Only the daemon asks for such."""

    def canonical(self) -> bytes:
        """The bytes that the journal and the audit log know the request by."""
        told = self.model_dump(exclude={"kind"} if self.kind == "chat" else None)
        return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def digest(self) -> str:
        """SHA-256 of `canonical`."""
        return hashlib.sha256(self.canonical()).hexdigest()


def parse(body: bytes) -> ChatRequest:
    """Read a hostile body. Raises Refusal (400) that names the field and never quotes more than its name."""
    try:
        return ChatRequest.model_validate_json(body)
    except ValidationError as error:
        raise Refusal(400, "request", _explain(error)) from None


def effective(request: ChatRequest, grant: Grant) -> Effective:
    """Apply the grant. Raises Refusal (403) for another model."""
    alias, _, role = request.model.partition(":")
    if request.model != grant.model and alias != MODEL_ALIAS:
        raise Refusal(403, "model", f"this candidate may only call the model {MODEL_ALIAS!r} (or its granted name)")
    asked = [limit for limit in (request.max_tokens, request.max_completion_tokens) if limit is not None]
    parameters: dict[str, Any] = {"seed": grant.seed if request.seed is None else request.seed}
    for name in ("temperature", "top_p", "stop"):
        value = getattr(request, name)
        if value is not None:
            parameters[name] = value
    return Effective(
        model=grant.roles.get(role, grant.model) if alias == MODEL_ALIAS else grant.model,
        messages=[{"role": message.role, "content": message.text} for message in request.messages],
        max_tokens=min([grant.max_tokens, *asked]),
        parameters=parameters,
    )


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part)[:64] for part in first["loc"][:6]) or "body"
    if first["type"] == "extra_forbidden":
        return f"field {where!r} is not allowed here; see the fields in daemon/gateway/requests.py"
    return f"field {where!r}: {first['msg'][:200]}"
