"""The host's end of a judge session: one connection to the judge's control socket, every request with a deadline."""

from __future__ import annotations

import json
import os
import select
import socket
import time
from pathlib import Path
from typing import Any

from workflows.ports import InfrastructureError

CONTROL = "control"
ANSWER_LIMIT = 4 * 1024 * 1024
"""Longest answer taken from a judge, in bytes."""


class JudgeClient:
    """One session's connection. Not thread-safe. Every error is an InfrastructureError: the judge is ours."""

    def __init__(self, io: Path, seconds: float = 10.0) -> None:
        self._number = 0
        self._rest = bytearray()
        # Through a handle of the folder: a socket's address may not be longer than 107 bytes, a state folder's may.
        handle = os.open(io, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._sock.settimeout(seconds)
            self._sock.connect(f"/proc/self/fd/{handle}/{CONTROL}")
        except OSError:
            self._sock.close()
            raise
        finally:
            os.close(handle)

    def ask(self, op: str, seconds: float, **fields: Any) -> dict[str, Any]:
        """Send a request and take its answer, which has `ok` or `fault`.

        Raises InfrastructureError when the judge is gone, late, unreadable, or says that it or the target is at fault.
        """
        self._number += 1
        line = json.dumps({"id": self._number, "op": op, **fields}).encode() + b"\n"
        deadline = time.monotonic() + seconds
        try:
            self._sock.settimeout(seconds)
            self._sock.sendall(line)
            answer = json.loads(self._line(deadline))
        except TimeoutError as error:
            raise InfrastructureError(f"judge: no answer to {op} within {seconds:g} s") from error
        except OSError as error:
            raise InfrastructureError(f"judge: connection lost during {op}: {error}") from error
        except (ValueError, RecursionError) as error:
            raise InfrastructureError(f"judge: unreadable answer to {op}") from error
        if not isinstance(answer, dict) or answer.get("id") != self._number:
            raise InfrastructureError(f"judge: the answer to {op} is not the answer to this request")
        if "error" in answer:
            raise InfrastructureError(f"judge: {str(answer['error'])[:4000]}")
        if answer.get("ok") is not True and not isinstance(answer.get("fault"), dict):
            raise InfrastructureError(f"judge: the answer to {op} says neither ok nor fault")
        return answer

    def alive(self) -> bool:
        """Whether the judge has not hung up."""
        # A judge never speaks unasked: anything to read is the end. (`recv` would wait, the socket has a timeout.)
        look = select.poll()
        look.register(self._sock, select.POLLIN)
        return not look.poll(0)

    def close(self) -> None:
        """Hang up; the judge then cleans the session away."""
        self._sock.close()

    def _line(self, deadline: float) -> bytes:
        while (end := self._rest.find(b"\n")) < 0:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if len(self._rest) > ANSWER_LIMIT:
                raise ValueError("too long")
            self._sock.settimeout(left)
            data = self._sock.recv(1 << 16)
            if not data:
                raise ConnectionError("the judge hung up")
            self._rest += data
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return line
