"""The HTTP server behind `/metrics`."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from wsgiref.simple_server import WSGIServer


@dataclass(frozen=True)
class Endpoint:
    """A running `/metrics` server."""

    port: int
    _server: WSGIServer
    _thread: threading.Thread

    def close(self) -> None:
        """Stop serving; returns when the port is free again."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
