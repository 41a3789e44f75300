"""An answer on the wire, in OpenAI's shapes and from our own fields only."""

from __future__ import annotations

import json
from typing import Any

from daemon.gateway.grants import Grant
from daemon.gateway.ports import Completion

_PIECE = 2048
"""Characters of one streamed event."""


def whole(grant: Grant, index: int, done: Completion) -> bytes:
    """A chat completion."""
    message = {"role": "assistant", "content": done.text}
    choice = {"index": 0, "message": message, "finish_reason": done.finish_reason}
    return json.dumps({**_head(grant, index, "chat.completion"), "choices": [choice], "usage": _usage(done)}).encode()


def events(grant: Grant, index: int, done: Completion, *, with_usage: bool) -> bytes:
    """The same as server-sent events. They are made of the whole answer: it is paid for and journaled before."""
    head = _head(grant, index, "chat.completion.chunk")
    pieces = [done.text[at : at + _PIECE] for at in range(0, len(done.text), _PIECE)]
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in pieces)]
    told = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    told.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": done.finish_reason}]})
    if with_usage:
        told.append({**head, "choices": [], "usage": _usage(done)})
    return b"".join(b"data: %s\n\n" % json.dumps(one).encode() for one in told) + b"data: [DONE]\n\n"


def _head(grant: Grant, index: int, kind: str) -> dict[str, Any]:
    return {"id": f"call-{index}", "object": kind, "created": 0, "model": grant.model}


def _usage(done: Completion) -> dict[str, int]:
    return {
        "prompt_tokens": done.input_tokens,
        "completion_tokens": done.output_tokens,
        "total_tokens": done.input_tokens + done.output_tokens,
    }
