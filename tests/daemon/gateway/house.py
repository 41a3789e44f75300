"""Fakes around a meter, and a client for its Unix socket."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.gateway.grants import Grant
from daemon.gateway.meter import Meter
from daemon.gateway.ports import Completion
from daemon.gateway.pricing import Price
from daemon.gateway.requests import Effective
from daemon.records.db import Database, sqlite_url
from daemon.records.journal import Journal
from daemon.records.ledger import Ledger


class FakeProvider:
    """Answers by a function; counts what reaches it."""

    def __init__(
        self, answer: Callable[[Effective], str] = lambda request: "hello", price: Price | None = None
    ) -> None:
        self.answer = answer
        self.rates: Price | None = price or Price(input=1_000_000, output=2_000_000)
        self.seen: list[Effective] = []

    def price(self, model: str) -> Price | None:
        return self.rates

    def complete(self, request: Effective, grant: Grant, call: int) -> Completion:
        self.seen.append(request)
        return Completion(text=self.answer(request), input_tokens=10, output_tokens=5)


class Records:
    """An audit log in memory."""

    def __init__(self) -> None:
        self.all: list[tuple[str, dict[str, Any]]] = []
        self.hook: Callable[[str, dict[str, Any]], None] = lambda kind, body: None

    def __call__(self, kind: str, body: dict[str, Any]) -> None:
        self.hook(kind, body)
        self.all.append((kind, body))

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.all]


class House:
    """Everything around a meter, for tests to look into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.provider: Any = FakeProvider()
        self.db = Database(sqlite_url(folder / "records.db"))
        self.ledger = Ledger(self.db)
        self.ledger.open("camp", {"tokens": 10**9, "micro_usd": 10**9})
        self.journal = Journal(self.db)
        self.records = Records()
        self.blobs: dict[str, bytes] = {}
        self.waits: list[float] = []

    def blob(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return digest

    def meter(self) -> Meter:
        return Meter(self.provider, self.ledger, self.journal, self.records, self.blob, sleep=self.waits.append)


def make_grant(**changes: Any) -> Grant:
    """A grant with sensible values."""
    facts: dict[str, Any] = {
        "candidate": "camp-c1", "campaign": "camp", "number": 1, "model": "fake/one",
        "max_calls": 3, "max_tokens": 100, "seed": 7,
    }  # fmt: skip
    return Grant(**{**facts, **changes})


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("gateway", timeout=20)
        self.path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


def post(
    folder: Path, body: Any, *, route: str = "/v1/chat/completions", method: str = "POST", **headers: str
) -> tuple[int, dict[str, Any]]:
    """Send a request; returns status and parsed answer."""
    connection = UnixConnection(folder / "model.sock")
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, route, data, {"Content-Type": "application/json", **named})
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")
    finally:
        connection.close()


def chat(text: str = "hi", **fields: Any) -> dict[str, Any]:
    return {"model": "ratchet", "messages": [{"role": "user", "content": text}], **fields}
