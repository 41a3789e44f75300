"""A Unix socket that leads to another one, until it is cut: an engine that is away for one daemon alone."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from typing import Any


class Cut:
    """Connections are refused, and those that stand are closed, while it is off. A context manager."""

    def __init__(self, to: str, path: Path) -> None:
        self.path = path
        self._to = to
        self._lock = threading.Lock()  # protects the two below
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []

    def on(self) -> None:
        """Listen."""
        self.path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen(64)
        with self._lock:
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def off(self) -> None:
        """Refuse, and hang up."""
        with self._lock:
            listener, self._listener = self._listener, None
            ends, self._open = self._open, []
        self.path.unlink(missing_ok=True)
        for end in [*ends, *([listener] if listener else [])]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def __enter__(self) -> Cut:
        self.on()
        return self

    def __exit__(self, *unused: Any) -> None:
        self.off()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = listener.accept()[0]
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._to)
                with self._lock:
                    self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        """Until either end closes; each direction ends by itself, as hijacked connections need."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
