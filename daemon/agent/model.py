"""The one way out: a chat completion over the gateway's Unix socket."""

from __future__ import annotations

import json
import socket
from typing import Any, NamedTuple

SOCKET = "/gateway/model.sock"
_MAX_ANSWER_BYTES = 8 * 1024 * 1024
_HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n"
)


class ModelError(Exception):
    """No answer came; `code` is the gateway's word for why. The gateway has tried again already where that can help."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Reply(NamedTuple):
    """What the model said; `cut` when it ran into its token limit."""

    text: str
    cut: bool


def ask(
    messages: list[dict[str, str]],
    max_tokens: int,
    role: str = "edit",
    *,
    path: str = SOCKET,
    timeout: float = 900.0,
) -> Reply:
    """Send the chat, wait for the answer. The gateway knows which model serves a role. Raises ModelError."""
    body = json.dumps({"model": f"ratchet:{role}", "messages": messages, "max_tokens": max_tokens}).encode()
    try:
        head, data = _exchange(_HEAD % len(body) + body, path, timeout)
    except OSError as error:
        raise ModelError("unreachable", f"the gateway did not answer: {type(error).__name__}") from error
    status = head[9:12].decode("ascii", "replace")
    try:
        return _read(status, json.loads(data))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError("malformed", f"the gateway's answer is malformed (status {status})") from error


def _exchange(request: bytes, path: str, timeout: float) -> tuple[bytes, bytes]:
    """Head and body of the answer: one request a connection, and the gateway closes it, so no HTTP library is needed.

    Loading one would be the largest part of an agent's start.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(timeout)
        link.connect(path)
        link.sendall(request)
        answer = bytearray()
        while len(answer) <= _MAX_ANSWER_BYTES and (part := link.recv(65536)):
            answer += part
    head, _, data = bytes(answer).partition(b"\r\n\r\n")
    return head, data


def _read(status: str, answer: dict[str, Any]) -> Reply:
    if status != "200":
        problem = answer["error"]
        raise ModelError(str(problem["code"])[:100], str(problem["message"])[:500])
    choice = answer["choices"][0]
    return Reply(text=str(choice["message"]["content"] or ""), cut=choice.get("finish_reason") == "length")
