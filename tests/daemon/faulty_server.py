"""A policy server that misbehaves in one chosen way, byte by byte."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator

REVISION = "r1"

Behaviour = Callable[[socket.socket, dict[str, object]], None]
"""Gets the connection after a request was read, and the request's body."""


def answer(result: object, *, status: str = "200 OK", extra: str = "", **more: object) -> Behaviour:
    """A complete HTTP response with a JSON body; `more` stands beside `result`."""

    def behave(connection: socket.socket, request: dict[str, object]) -> None:
        body = json.dumps({"result": result(request) if callable(result) else result, **more}).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    return behave


def raw(data: bytes) -> Behaviour:
    """These bytes, then the end of the connection."""

    def behave(connection: socket.socket, request: dict[str, object]) -> None:
        connection.sendall(data)
        connection.close()

    return behave


def decision(request: dict[str, object], **changed: object) -> dict[str, object]:
    """A good answer to the request, with changes."""
    facts = request.get("input")
    given = facts.get("decision_id") if isinstance(facts, dict) else None
    return {
        "schema": 1,
        "allow": True,
        "deny": [],
        "warn": [],
        "require": {},
        "decision_id": given,
        "revision": REVISION,
        **changed,
    }


@contextlib.contextmanager
def serving(behave: Behaviour) -> Iterator[str]:
    """The URL of a server that behaves like this for every request."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_connections: list[socket.socket] = []
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            while not over.is_set():
                request = _read(connection)
                if request is None:
                    return
                behave(connection, request)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                open_connections.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in open_connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join()


def _read(connection: socket.socket) -> dict[str, object] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)
    parsed = json.loads(body)
    return parsed if isinstance(parsed, dict) else {}
