"""A container's output as it streams by: frames told apart, head and tail kept, the rest only counted. Pure.

The engine sends frames of an 8-byte header (stream number, three zeros, length as big-endian 32 bits) and a payload:
"Stream format" in the Docker Engine API's description of `POST /containers/{id}/attach`. A frame may be far larger than
what is kept, so payloads are passed on piece by piece and never joined.
"""

from __future__ import annotations

import struct

KEEP_BYTES = 1024 * 1024
"""Kept of each stream: this much of its head, and as much of its tail."""

_HEADER = struct.Struct(">BxxxI")


class HeadTail:
    """The first and last bytes of a stream, in bounded memory (3 × `keep` at most)."""

    def __init__(self, keep: int = KEEP_BYTES) -> None:
        self._keep = keep
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    def add(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        self.total += len(data)
        room = self._keep - len(self._head)
        self._head += data[:room]
        self._tail += data[max(room, len(data) - self._keep) :] if len(data) > room else b""
        if len(self._tail) > 2 * self._keep:  # trimmed rarely, so that adding stays linear
            del self._tail[: len(self._tail) - self._keep]

    def value(self) -> bytes:
        """All of it when it fitted, else head, a line that says how much is missing, and tail."""
        tail = bytes(self._tail[-self._keep :]) if self._keep else b""
        missing = self.total - len(self._head) - len(tail)
        gap = b"\n[%d bytes left out]\n" % missing if missing > 0 else b""
        return bytes(self._head) + gap + tail


class Demultiplexer:
    """Splits the engine's stream into standard output and standard error."""

    def __init__(self, keep: int = KEEP_BYTES) -> None:
        self.stdout = HeadTail(keep)
        self.stderr = HeadTail(keep)
        self._header = bytearray()
        self._left = 0
        self._into = self.stdout

    @property
    def total(self) -> int:
        """Bytes of both streams so far."""
        return self.stdout.total + self.stderr.total

    def feed(self, data: bytes) -> None:
        """Take the next bytes from the wire."""
        view = memoryview(data)
        while view:
            if self._left:
                piece = view[: self._left]
                self._into.add(piece)
                self._left -= len(piece)
                view = view[len(piece) :]
                continue
            wanted = _HEADER.size - len(self._header)
            self._header += view[:wanted]
            view = view[wanted:]
            if len(self._header) == _HEADER.size:
                number, self._left = _HEADER.unpack(self._header)
                self._header.clear()
                self._into = self.stderr if number == 2 else self.stdout
