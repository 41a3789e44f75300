"""HTTP transport for the gate whose every call can be cut off: bounded bytes, plain answers only, abortable.

A read timeout bounds the wait for each piece of an answer, not the answer; a server that drips bytes could hold a
caller for ever. Here the connection in use is known, so that its owner can shut it down from another thread.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""A longer answer is no answer."""


class AnswerTooLongError(requests.exceptions.RequestException):
    """The server sent more than MAX_ANSWER_BYTES."""


class Line:
    """The connection that a transport last opened, to be cut by whoever gives up on it."""

    def __init__(self) -> None:
        self._connection: HTTPConnection | None = None
        self._cut = False

    def opened(self, connection: HTTPConnection) -> None:
        """Remember a connection; a line that was cut before is cut again."""
        self._connection = connection
        if self._cut:
            self.cut()

    def cut(self) -> None:
        """Shut the connection down: a thread that waits on it fails at once, and then closes it. Idempotent."""
        self._cut = True
        sock = getattr(self._connection, "sock", None)
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection. Only for who uses it: under another thread its number could be given away."""
        if self._connection is not None:
            self._connection.close()


class Transport(HTTPAdapter):
    """A requests adapter with one line, no retries, no redirects, and an upper bound for answers."""

    def __init__(self, line: Line) -> None:
        self._line = line
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As requests does, with connections that report themselves."""
        super().init_poolmanager(*args, **kwargs)
        line = self._line

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                line.opened(self)

        class Encrypted(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                line.opened(self)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}
        self._pool: Any = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The one pool: a transport speaks to one server, and finding its pool anew takes a third of a question."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """One attempt. Raises requests.RequestException for anything but a 200 of bounded length."""
        response = super().send(request, *args, **kwargs)
        if response.status_code != 200:
            response.close()
            raise requests.HTTPError(f"status {response.status_code}", response=response)
        _bound(response)
        return response


def _bound(response: requests.Response) -> None:
    stream = response.raw.stream

    def bounded(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        seen = 0
        for chunk in stream(*args, **kwargs):
            seen += len(chunk)
            if seen > MAX_ANSWER_BYTES:
                raise AnswerTooLongError(f"more than {MAX_ANSWER_BYTES} bytes")
            yield chunk

    response.raw.stream = bounded  # type: ignore[method-assign]
