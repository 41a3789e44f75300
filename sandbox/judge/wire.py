"""Lines of JSON over a stream socket, bounded in size and time, from a peer that may be hostile."""

from __future__ import annotations

import json
import select
import socket
import time
from typing import Any

LINE_LIMIT = 64 * 1024
"""Longest line from a runner, in bytes."""


class Closed(Exception):
    """The peer went away."""


class Late(Exception):
    """The peer did not answer in time."""


class Malformed(Exception):
    """The peer's bytes are not one bounded JSON object in a line."""


class Link:
    """One connection. Not thread-safe."""

    def __init__(self, sock: socket.socket, line_limit: int = LINE_LIMIT) -> None:
        self._sock = sock
        self._limit = line_limit
        self._rest = b""

    def send(self, message: dict[str, Any], seconds: float = 10.0) -> None:
        """Send one message. Raises Closed, or Late when the peer does not read."""
        self.send_line(encode(message), seconds)

    def send_line(self, line: bytes, seconds: float) -> None:
        """Send one encoded line."""
        self._sock.settimeout(seconds)
        try:
            self._sock.sendall(line)
        except TimeoutError as error:
            raise Late(f"the peer read nothing for {seconds:g} s") from error
        except OSError as error:
            raise Closed(str(error)) from error

    def receive_line(self, seconds: float) -> bytes:
        """The next line without its end. The deadline is for the whole line, however slowly its bytes drip."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._rest:
            if len(self._rest) > self._limit:
                raise Malformed(f"a line longer than {self._limit} bytes")
            left = deadline - time.monotonic()
            if left <= 0:
                raise Late(f"no answer within {seconds:g} s")
            self._sock.settimeout(left)
            try:
                data = self._sock.recv(LINE_LIMIT)
            except TimeoutError as error:
                raise Late(f"no answer within {seconds:g} s") from error
            except OSError as error:
                raise Closed(str(error)) from error
            if not data:
                raise Closed("the peer closed the connection")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        if len(line) > self._limit:
            raise Malformed(f"a line longer than {self._limit} bytes")
        return line

    def receive(self, seconds: float) -> dict[str, Any]:
        """The next message."""
        return decode(self.receive_line(seconds))

    def pending(self) -> bool:
        """Whether the peer has sent something that nobody has read yet (or has gone away)."""
        if self._rest:
            return True
        readable, _, _ = select.select([self._sock], [], [], 0)
        return bool(readable)

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()


def encode(message: dict[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Parse one line. Raises Malformed for anything but a JSON object (no NaN, no key twice, no bottomless nesting)."""
    try:
        value = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_no_twins)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found
