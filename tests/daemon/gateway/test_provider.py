"""LiteLLM behind our port, against a real HTTP server on loopback and our own local models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from daemon.gateway.catalogue import Catalogue, ModelEntry
from daemon.gateway.errors import ProviderFault, Refusal
from daemon.gateway.pricing import FREE, Price
from daemon.gateway.provider import LiteLLMProvider
from daemon.gateway.requests import Effective
from tests.daemon.gateway.house import make_grant
from tests.openai_server import Upstream, serving

# LiteLLM and its dependencies warn at import; their warnings are not ours to fix.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serving() as server:
        yield server


def request(model: str) -> Effective:
    messages = [{"role": "user", "content": "hi"}]
    return Effective(model=model, messages=messages, max_tokens=9, parameters={"seed": 3, "temperature": 0.5})


def provider(address: str, **entry: Any) -> LiteLLMProvider:
    served = ModelEntry(name="openai/served", api_base=address, api_key=SecretStr("key"), timeout_seconds=1.0, **entry)
    return LiteLLMProvider(Catalogue(models=(served, ModelEntry(name="openai/gpt-4o*"))))


def test_a_served_model_answers(upstream: Upstream) -> None:
    found = provider(upstream.address).complete(request("openai/served"), make_grant(), 0)
    assert (found.text, found.finish_reason) == ("from upstream", "length")
    assert (found.input_tokens, found.output_tokens) == (11, 3)
    sent = upstream.seen[0]
    assert (sent["max_tokens"], sent["seed"], sent["temperature"]) == (9, 3, 0.5)
    assert "metadata" not in sent


@pytest.mark.parametrize(
    ("status", "kind", "billed"),
    [
        (400, "request", False),
        (401, "key", False),
        (403, "key", False),
        (404, "not-found", False),
        (408, "timeout", True),
        (409, "conflict", False),
        (422, "request", False),
        (429, "rate-limited", False),
        (500, "overloaded", True),
        (503, "overloaded", True),
    ],
)
def test_faults_are_classified_and_never_retried_inside(
    status: int, kind: str, billed: bool, upstream: Upstream
) -> None:
    upstream.status = status
    upstream.headers = {"retry-after": "7"}
    with pytest.raises(ProviderFault) as fault:
        provider(upstream.address).complete(request("openai/served"), make_grant(), 0)
    assert (fault.value.kind, fault.value.billed, len(upstream.seen)) == (kind, billed, 1)
    if status == 429:
        assert fault.value.retry_after == 7.0


def test_a_server_that_is_not_there_is_not_paid() -> None:
    with pytest.raises(ProviderFault) as fault:
        provider("http://127.0.0.1:9/v1").complete(request("openai/served"), make_grant(), 0)
    assert (fault.value.kind, fault.value.billed) == ("connection", False)


def test_prices() -> None:
    models = provider("http://127.0.0.1:9/v1")
    assert models.price("ratchet/tuner") == FREE
    assert models.price("openai/served") is None
    found = models.price("openai/gpt-4o-mini")
    assert found is not None
    assert (found.input, found.output) == (150_000, 600_000)
    own = Price(input=1, output=2)
    assert provider("http://127.0.0.1:9/v1", price=own).price("openai/served") == own
    with pytest.raises(Refusal, match="not in the settings"):
        models.price("anthropic/claude-3-opus-20240229")


def test_the_local_models_answer_through_litellm() -> None:
    models = provider("http://127.0.0.1:9/v1")
    hostile = models.complete(request("ratchet/scripted/hostile"), make_grant(number=2), 0)
    assert "c[i] = 1.0f" in hostile.text
    assert hostile.input_tokens > 0
    assert "no edit" in models.complete(request("ratchet/tuner"), make_grant(), 0).text
    with pytest.raises(ProviderFault) as fault:
        models.complete(request("ratchet/scripted/missing"), make_grant(), 0)
    assert (fault.value.kind, fault.value.billed) == ("request", False)


USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


def document(**fields: Any) -> bytes:
    return json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": "m", **fields}).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no json",
        b"[]",
        b"null",
        b"\xff\xfe{}",
        b"<html>busy</html>",
        document(choices=[]),
        document(choices=[], usage=USAGE),
        document(choices=None, usage=USAGE),
        document(choices=[{}], usage=USAGE),
        document(usage=USAGE),
    ],
)
def test_what_is_no_completion_is_the_providers_fault(raw: bytes, upstream: Upstream) -> None:
    upstream.raw = raw
    with pytest.raises(ProviderFault) as fault:
        provider(upstream.address).complete(request("openai/served"), make_grant(), 0)
    assert fault.value.kind in ("unknown", "overloaded", "connection", "timeout") and len(upstream.seen) == 1


@pytest.mark.parametrize("content", [None, "", "\ud83d", "\x00\x1b[2J", "x" * 100_000])
def test_odd_texts_are_answers(content: str | None, upstream: Upstream) -> None:
    upstream.answers = [content]
    found = provider(upstream.address).complete(request("openai/served"), make_grant(), 0)
    assert found.text.encode() is not None and len(found.text) <= 100_000


def test_a_server_that_counts_no_tokens_is_counted_for(upstream: Upstream) -> None:
    """Small local servers leave `usage` out; nothing may be free for that."""
    message = {"role": "assistant", "content": "four words of text"}
    upstream.raw = document(choices=[{"index": 0, "message": message, "finish_reason": "stop"}])
    found = provider(upstream.address).complete(request("openai/served"), make_grant(), 0)
    assert found.input_tokens > 0 and found.output_tokens > 0


def embedding(model: str) -> Effective:
    messages = [{"role": "user", "content": "def f(): return 1"}]
    return Effective(model=model, messages=messages, max_tokens=1, parameters={}, kind="embedding")


def test_a_served_model_embeds(upstream: Upstream) -> None:
    vector = {"object": "embedding", "index": 0, "embedding": [0.5, -1.0, 2]}
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    upstream.raw = json.dumps({"object": "list", "model": "m", "data": [vector], "usage": usage}).encode()
    found = provider(upstream.address).complete(embedding("openai/served"), make_grant(), 0)
    assert json.loads(found.text) == [0.5, -1.0, 2.0]
    assert (found.input_tokens, found.output_tokens) == (7, 0)
    assert upstream.seen[0]["input"] == ["def f(): return 1"] and upstream.seen[0]["model"] == "served"


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"data": []}', b'{"data": [{"embedding": ["x"]}]}', b"null", b"<html>"])
def test_what_is_no_embedding_is_the_providers_fault(raw: bytes, upstream: Upstream) -> None:
    upstream.raw = raw
    with pytest.raises(ProviderFault):
        provider(upstream.address).complete(embedding("openai/served"), make_grant(), 0)
    assert len(upstream.seen) == 1


def test_a_local_embedding_needs_no_network_and_is_free() -> None:
    local = provider("http://127.0.0.1:9/v1")
    found = local.complete(embedding("ratchet/hashed"), make_grant(), 0)
    assert len(json.loads(found.text)) == 512 and local.price("ratchet/hashed") == FREE
    with pytest.raises(ProviderFault, match="ratchet/hashed"):
        local.complete(embedding("ratchet/tuner"), make_grant(), 0)


def test_a_chat_is_known_by_the_bytes_that_it_always_had() -> None:
    assert b"kind" not in request("m").canonical()
    assert b'"kind":"embedding"' in embedding("m").canonical()
