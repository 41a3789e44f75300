"""Server-sent events: the same answer, the same price, one journal entry."""

from __future__ import annotations

import json
from typing import Any

import pytest

from daemon.gateway.server import Gateway
from tests.daemon.gateway.house import House, UnixConnection, chat, make_grant, post


def stream(folder: Any, **fields: Any) -> tuple[str, list[Any]]:
    """Content type, and the events as parsed JSON; the last one must be the end mark."""
    connection = UnixConnection(folder / "model.sock")
    try:
        body = json.dumps(chat(stream=True, **fields)).encode()
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        lines = [line.removeprefix("data: ") for line in response.read().decode().split("\n\n") if line]
    finally:
        connection.close()
    assert lines.pop() == "[DONE]"
    return response.headers["Content-Type"], [json.loads(line) for line in lines]


@pytest.mark.parametrize("text", ["", "short", "ä\n\n" * 5000])
def test_the_pieces_are_the_answer(text: str, gateway: Gateway, house: House) -> None:
    house.provider.answer = lambda request: text
    kind, events = stream(gateway.open(make_grant()), stream_options={"include_usage": True})
    assert kind.startswith("text/event-stream")
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in events[:-1]) == text
    assert events[-2]["choices"][0]["finish_reason"] == "stop"
    assert events[-1]["usage"] == {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    assert house.ledger.statement("camp")["tokens"].spent == 15


def test_streamed_or_whole_it_is_paid_once(gateway: Gateway, house: House) -> None:
    post(gateway.open(make_grant()), chat())
    _, events = stream(gateway.open(make_grant()))
    assert events[1]["choices"][0]["delta"]["content"] == "hello"
    assert "usage" not in events[-1]
    assert (len(house.provider.seen), gateway.close("camp-c1").replayed) == (1, 1)


def test_a_refusal_is_no_stream(gateway: Gateway) -> None:
    assert post(gateway.open(make_grant()), chat(stream=True) | {"model": "other"})[0] == 403
