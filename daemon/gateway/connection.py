"""One connection, one request, a deadline on every phase: aiohttp's server protocol with the patience taken out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from daemon.gateway.errors import error_body

_log = logging.getLogger("ratchet.gateway")

Admit = Callable[[asyncio.Transport], bool]


class Connection(RequestHandler):
    """Cut when the peer is not admitted, sends slowly, or reads its answer slowly."""

    __slots__ = ("_admit", "_cutter", "_seconds")

    def __init__(self, manager: web.Server, *, admit: Admit, seconds: float, **options: Any) -> None:
        super().__init__(manager, **options)
        self._admit = admit
        self._seconds = seconds
        self._cutter: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock of the request, or drop a stranger before a byte of it is read."""
        super().connection_made(transport)
        self.arm()
        if self.transport is not None and not self._admit(self.transport):
            self.transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop the clock."""
        self.disarm()
        super().connection_lost(exc)

    def arm(self) -> None:
        """From now on the peer has the allowed seconds for this phase."""
        self.disarm()
        if self.transport is not None:
            self._cutter = asyncio.get_running_loop().call_later(self._seconds, self.transport.abort)

    def disarm(self) -> None:
        """The time now passing is ours, not the peer's."""
        if self._cutter is not None:
            self._cutter.cancel()
            self._cutter = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is not HTTP, or what we did not foresee, without a word about the inside."""
        if status >= 500:
            _log.error("gateway: unforeseen error", exc_info=exc)
        text = "the request is not valid HTTP/1.1" if status < 500 else "internal error"
        response = web.Response(status=status, body=error_body("http", text, status), content_type="application/json")
        response.force_close()
        return response


class ConnectionServer(web.Server):
    """Makes `Connection`s."""

    def __init__(
        self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], *, admit: Admit, seconds: float
    ) -> None:
        super().__init__(handler)
        self._admit = admit
        self._seconds = seconds

    def __call__(self) -> Connection:
        """The protocol of a new connection. Bodies stay compressed: nobody can send us a bomb to unpack."""
        return Connection(
            self,
            admit=self._admit,
            seconds=self._seconds,
            loop=asyncio.get_running_loop(),
            access_log=None,
            keepalive_timeout=0.0,
            tcp_keepalive=False,
            auto_decompress=False,
            lingering_time=0.5,
            read_bufsize=64 * 1024,
        )
