"""Abusive requests: each is refused or clamped, none reaches the provider unaltered, and the gateway stays up."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from daemon.gateway.server import Gateway
from tests.daemon.gateway.house import House, chat, make_grant, post

START = b"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\n"
IMAGE = [{"type": "image_url", "image_url": {"url": "http://169.254.169.254/latest"}}]
FILE = [{"type": "file", "file": {"file_id": "file:///etc/passwd"}}]
AUDIO = [{"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}]

REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "another model": ({"body": chat() | {"model": "openai/gpt-4o"}}, 403),
    "another route": ({"body": chat(), "route": "/v1/embeddings"}, 404),
    "route with a query": ({"body": chat(), "route": "/v1/chat/completions?api-version=1"}, 404),
    "route with dots": ({"body": chat(), "route": "/v1/x/../chat/completions"}, 404),
    "another method": ({"body": b"", "method": "GET"}, 405),
    "web search": ({"body": chat(web_search_options={})}, 400),
    "code execution": ({"body": chat(tools=[{"type": "code_interpreter"}])}, 400),
    "remote MCP": ({"body": chat(tools=[{"type": "mcp", "server_url": "http://evil"}])}, 400),
    "remote image": ({"body": chat() | {"messages": [{"role": "user", "content": IMAGE}]}}, 400),
    "host file": ({"body": chat() | {"messages": [{"role": "user", "content": FILE}]}}, 400),
    "a hundred answers": ({"body": chat(n=100)}, 400),
    "streaming for ever": ({"body": chat(stream=True, stream_options={"forever": True})}, 400),
    "another model by a role": ({"body": chat() | {"model": "openai/gpt-4o:plan"}}, 403),
    "host file inline": ({"body": chat() | {"messages": [{"role": "user", "content": AUDIO}]}}, 400),
    "functions": ({"body": chat(functions=[{"name": "sh"}], function_call="auto")}, 400),
    "own address": ({"body": chat(api_base="http://evil", api_key="x")}, 400),
    "tool role": ({"body": chat() | {"messages": [{"role": "tool", "content": "x"}]}}, 400),
    "fifty megabytes": ({"body": b"[" * 50_000_000}, 413),
    "not JSON": ({"body": b"\xff\xfe{"}, 400),
    "deep JSON": ({"body": b'{"messages":' + b"[" * 100_000}, 400),
    "not a number": ({"body": b'{"model":"ratchet","messages":[{"role":"user","content":"x"}],"top_p":NaN}'}, 400),
    "negative tokens": ({"body": chat(max_tokens=-1)}, 400),
    "compressed body": ({"body": chat(), "Content_Encoding": "gzip"}, 415),
    "another type": ({"body": b"model=x", "Content_Type": "application/x-www-form-urlencoded"}, 415),
    "two hundred messages": ({"body": chat() | {"messages": [{"role": "user", "content": "x"}] * 200}}, 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name: str, gateway: Gateway, house: House) -> None:
    request, expected = REFUSED[name]
    folder = gateway.open(make_grant())
    status, answer = post(folder, **request)
    assert status == expected
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert house.provider.seen == []
    assert post(folder, chat())[0] == 200


def test_an_unknown_field_is_named(gateway: Gateway) -> None:
    folder = gateway.open(make_grant())
    assert "'tools'" in post(folder, chat(tools=[]))[1]["error"]["message"]


def test_huge_max_tokens_are_clamped(gateway: Gateway, house: House) -> None:
    folder = gateway.open(make_grant(max_tokens=50))
    post(folder, chat(max_tokens=10**9))
    post(folder, chat(max_completion_tokens=7))
    assert [request.max_tokens for request in house.provider.seen] == [50, 7]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Le",
        START + b"Content-Length: 100\r\n\r\n{",
    ],
    ids=["silence", "half a header", "half a body"],
)
def test_a_slow_request_is_cut(data: bytes, gateway: Gateway, house: House) -> None:
    folder = gateway.open(make_grant())
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(folder / "model.sock"))
        client.sendall(data)
        assert _read_all(client) == b""
    assert post(folder, chat())[0] == 200
    assert len(house.provider.seen) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 3\r\nContent-Length: 200\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Content-Length: +3\r\n",
        b"X: a\r\n b\r\nContent-Length: 3\r\n",
        b"X" * 20_000 + b": 1\r\n",
    ],
    ids=["length and chunked", "two lengths", "odd coding", "signed length", "folded header", "huge header"],
)
def test_smuggled_headers_end_the_connection(head: bytes, gateway: Gateway, house: House) -> None:
    folder = gateway.open(make_grant())
    inner = json.dumps(chat("smuggled")).encode()
    second = START + b"Content-Length: %d\r\n\r\n%s" % (len(inner), inner)
    data = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\n"
        + head
        + b"\r\nabc"
        + second
    )
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(folder / "model.sock"))
        client.sendall(data)
        answer = _read_all(client)
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert b"HTTP/1.1 200" not in answer
    assert house.provider.seen == []
    assert post(folder, chat())[0] == 200


def test_a_reader_who_never_reads_is_cut(gateway: Gateway, house: House) -> None:
    house.provider.answer = lambda request: "x" * 4_000_000
    folder = gateway.open(make_grant())
    body = json.dumps(chat(stream=True)).encode()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(folder / "model.sock"))
        client.sendall(START + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        wait_for(lambda: house.records.kinds()[-1:] == ["model.answer"])
        wait_for(lambda: not gateway_connections(gateway))
        assert len(_read_all(client)) < 4_000_000
    assert post(folder, chat())[0] == 200


def test_one_connection_carries_one_request(gateway: Gateway, house: House) -> None:
    folder = gateway.open(make_grant())
    body = json.dumps(chat()).encode()
    one = START + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(folder / "model.sock"))
        client.sendall(one * 3)
        answer = _read_all(client)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert len(house.provider.seen) == 1


def test_a_flood_of_connections_is_bounded(gateway: Gateway) -> None:
    folder = gateway.open(make_grant())
    clients = []
    for _ in range(40):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(str(folder / "model.sock"))
        clients.append(client)
    for client in clients:
        assert _read_all(client) == b""
        client.close()
    assert post(folder, chat())[0] == 200


def test_refusals_do_not_fill_the_audit_log(gateway: Gateway, house: House) -> None:
    folder = gateway.open(make_grant())
    for _ in range(50):
        assert post(folder, b"{}")[0] == 400
    assert house.records.kinds() == ["model.refused"] * 32
    assert len(gateway.close("camp-c1").refused) == 32


def wait_for(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def gateway_connections(gateway: Gateway) -> int:
    return sum(len(opening.session.server.connections) for opening in gateway._open.values())


def _read_all(client: socket.socket) -> bytes:
    data = b""
    try:
        while chunk := client.recv(65536):
            data += chunk
    except ConnectionError:
        pass
    return data
