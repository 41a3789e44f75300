"""The one way out: a chat completion over the gateway's Unix socket."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any

SOCKET = "/gateway/model.sock"
_MAX_ANSWER_BYTES = 8 * 1024 * 1024


class ModelError(Exception):
    """No answer came; `code` is the gateway's word for why. The gateway has tried again already where that can help."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Reply:
    """What the model said; `cut` when it ran into its token limit."""

    text: str
    cut: bool


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("gateway", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(
    messages: list[dict[str, str]],
    max_tokens: int,
    role: str = "edit",
    *,
    path: str = SOCKET,
    timeout: float = 900.0,
) -> Reply:
    """Send the chat, wait for the answer. The gateway knows which model serves a role. Raises ModelError."""
    body = json.dumps({"model": f"ratchet:{role}", "messages": messages, "max_tokens": max_tokens})
    connection = _UnixConnection(path, timeout)
    try:
        connection.request("POST", "/v1/chat/completions", body.encode(), {"Content-Type": "application/json"})
        response = connection.getresponse()
        status, data = response.status, response.read(_MAX_ANSWER_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise ModelError("unreachable", f"the gateway did not answer: {type(error).__name__}") from error
    finally:
        connection.close()
    try:
        return _read(status, json.loads(data))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError("malformed", f"the gateway's answer is malformed (status {status})") from error


def _read(status: int, answer: dict[str, Any]) -> Reply:
    if status != 200:
        problem = answer["error"]
        raise ModelError(str(problem["code"])[:100], str(problem["message"])[:500])
    choice = answer["choices"][0]
    return Reply(text=str(choice["message"]["content"] or ""), cut=choice.get("finish_reason") == "length")
