"""The HTTP server behind `/metrics`."""

from __future__ import annotations

import errno
import threading
from dataclasses import dataclass
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server

from workflows.ports import RefusedError


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


def serve(registry: CollectorRegistry, port: int, address: str) -> Endpoint:
    """Serve `/metrics` in a thread of its own; port 0 takes a free one.

    Raises RefusedError (`metrics-port`) when the port cannot be had.
    """
    try:
        server, thread = start_http_server(port, addr=address, registry=registry)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        raise RefusedError(
            "metrics-port",
            f"metrics: cannot listen on {address}:{port}: {'the port is in use' if taken else error.strerror}; "
            "stop what uses it, or set RATCHET_METRICS_PORT to another port",
        ) from error
    return Endpoint(server.server_port, server, thread)
