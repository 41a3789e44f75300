"""LiteLLM behind our port, against a real HTTP server on loopback and our own local models."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from daemon.gateway.catalogue import Catalogue, ModelEntry
from daemon.gateway.errors import ProviderFault, Refusal
from daemon.gateway.pricing import FREE, Price
from daemon.gateway.provider import LiteLLMProvider
from daemon.gateway.requests import Effective
from tests.daemon.gateway.house import make_grant

# LiteLLM and its dependencies warn at import; their warnings are not ours to fix.
pytestmark = pytest.mark.filterwarnings("ignore")


class Upstream(ThreadingHTTPServer):
    """A provider: answers each request with the status, headers and body it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[dict[str, Any]] = []
        self.status = 200
        self.headers: dict[str, str] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Upstream

    def do_POST(self) -> None:
        self.server.seen.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        message = {"role": "assistant", "content": "from upstream"}
        body: dict[str, Any] = {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "length"}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
        }
        if self.server.status != 200:
            body = {"error": {"message": "internal detail", "type": "x", "code": "x"}}
        data = json.dumps(body).encode()
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet."""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


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
