"""Any bytes in: a request that keeps the grant, or a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.gateway.errors import Refusal
from daemon.gateway.pricing import most_input_tokens
from daemon.gateway.requests import effective, parse
from tests.daemon.gateway.house import make_grant

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
parts = st.fixed_dictionaries({"type": st.sampled_from(["text", "image_url"]), "text": st.text()})
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool"]), "content": st.text() | st.lists(parts) | values}
)
bodies = st.fixed_dictionaries(
    {"model": st.sampled_from(["ratchet", "fake/one", "gpt-4o"]) | values, "messages": st.lists(messages) | values},
    optional={
        "max_tokens": st.integers() | values,
        "temperature": st.floats() | values,
        "n": st.integers() | values,
        "stream": st.booleans() | values,
        "stop": st.lists(st.text()) | values,
        "tools": values,
    },
)


@given(st.binary() | bodies.map(lambda body: json.dumps(body).encode("utf-8", "surrogatepass")))
def test_no_body_gets_more_than_the_grant(body: bytes) -> None:
    try:
        request = effective(parse(body), make_grant())
    except Refusal as refusal:
        assert refusal.status in (400, 403)
        assert len(refusal.body()) < 2_000
        return
    assert request.model == "fake/one"
    assert 1 <= request.max_tokens <= 100
    assert set(request.parameters) <= {"seed", "temperature", "top_p", "stop"}
    assert all(set(message) == {"role", "content"} for message in request.messages)
    assert most_input_tokens(request) > 0


@pytest.mark.parametrize(
    "fields", [{"n": 2}, {"n": "1"}, {"max_tokens": "5"}, {"max_tokens": 5.0}, {"temperature": "hot"}]
)
def test_types_are_not_guessed(fields: dict[str, Any]) -> None:
    body = {"model": "ratchet", "messages": [{"role": "user", "content": "x"}], **fields}
    with pytest.raises(Refusal, match=next(iter(fields))):
        parse(json.dumps(body).encode())


def test_the_same_request_has_the_same_digest() -> None:
    body = b'{"model":"ratchet","messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]}'
    other = b'{"messages":[{"content":"x","role":"user"}],"model":"fake/one","n":1}'
    grant = make_grant()
    assert effective(parse(body), grant).digest() == effective(parse(other), grant).digest()
    assert effective(parse(body), grant).parameters == {"seed": 7}
