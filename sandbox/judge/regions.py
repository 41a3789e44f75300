"""The two files that a runner maps: `in` (it may only read) and `out` (it may write).

The judge never maps them: a mapped file that a runner truncates would kill the judge with SIGBUS. It reads with pread
and takes a short read for what it is.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .faults import Fault, TargetError

ALIGN = 64
"""Every array starts at a multiple of this; part of the promise to candidates."""
GUARD = 4096
"""Least poison before, between and after the outputs, in bytes."""
PAGE = 4096


def span(sizes: list[int]) -> int:
    """File size with room for arrays of these sizes (bytes) at random places: twice what they need."""
    need = sum(-(-size // ALIGN) * ALIGN + GUARD for size in sizes) + GUARD
    return -(-2 * need // PAGE) * PAGE


def scatter(sizes: list[int], room: int, rng: np.random.Generator) -> list[int]:
    """Random aligned offsets, in random order, at least GUARD bytes apart and from both ends.

    Raises TargetError when they do not fit.
    """
    padded = [-(-size // ALIGN) * ALIGN + GUARD for size in sizes]
    free = (room - GUARD - sum(padded)) // ALIGN
    if free < 0:
        raise TargetError(f"evaluator: a case needs {sum(padded) + GUARD} bytes, more than any case drawn at the start")
    gaps = np.sort(rng.integers(0, free + 1, len(sizes)))
    offsets = [0] * len(sizes)
    used = GUARD
    for gap, index in zip(gaps, rng.permutation(len(sizes)), strict=True):
        offsets[index] = used + int(gap) * ALIGN
        used += padded[index]
    return offsets


class InRegion:
    """The inputs of the current call, at fresh offsets between leftovers of older ones."""

    def __init__(self, path: Path, size: int) -> None:
        self.size = size
        self._fd = _create(path, size, 0o644)
        self._written: list[tuple[int, bytes]] = []

    def write(self, arrays: list[bytes], rng: np.random.Generator) -> list[int]:
        """Write the arrays and return their offsets."""
        offsets = scatter([len(data) for data in arrays], self.size, rng)
        for offset, data in zip(offsets, arrays, strict=True):
            if os.pwrite(self._fd, data, offset) != len(data):
                raise OSError("short write to the input region: is the disk full?")
        self._written = list(zip(offsets, arrays, strict=True))
        return offsets

    def verify(self) -> None:
        """Raises Fault when the inputs of the last call are no longer what was written."""
        for offset, data in self._written:
            if os.pread(self._fd, len(data), offset) != data:
                raise Fault("quarantined:input-mutated", "the inputs changed during the call")

    def close(self) -> None:
        """Release the file."""
        os.close(self._fd)


class OutRegion:
    """Poison with holes for the outputs. What a runner does to it is known from a copy taken at the fence."""

    def __init__(self, path: Path, size: int) -> None:
        self.size = size
        self._fd = _create(path, size, 0o666)
        self._image = b""
        self._holes: list[tuple[int, int]] = []
        self._poison = np.uint32(0)

    def prepare(self, sizes: list[int], rng: np.random.Generator) -> list[int]:
        """Poison everything anew and choose places for outputs of these sizes."""
        # A quiet NaN with a random payload, read as float32 or as float64: what is added to it stays NaN.
        self._poison = np.uint32(0x7FF80000 | int(rng.integers(1, 1 << 19)))
        offsets = scatter(sizes, self.size, rng)
        self._holes = sorted(zip(offsets, sizes, strict=True))
        self._image = np.full(self.size // 4, self._poison, dtype="<u4").tobytes()
        if os.pwrite(self._fd, self._image, 0) != self.size:
            raise OSError("short write to the output region: is the disk full?")
        return offsets

    def fence(self) -> None:
        """Copy everything, now. Raises Fault when the file was cut short."""
        self._image = self._read()

    def verify(self) -> None:
        """Raises Fault when anything outside the outputs was written."""
        start = 0
        for offset, size in [*self._holes, (self.size, 0)]:
            guard = np.frombuffer(self._image[start : offset - offset % 4], dtype="<u4")
            wrong = np.flatnonzero(guard != self._poison)
            if wrong.size:
                place = start + int(wrong[0]) * 4
                raise Fault("quarantined:guard-band", f"wrote outside the output ({self._relative(place)})")
            start = offset + -(-size // 4) * 4

    def output(self, offset: int, size: int) -> bytes:
        """An output as it was at the fence."""
        return self._image[offset : offset + size]

    def unwritten(self, offset: int, size: int) -> int:
        """How many 4-byte words of an output still hold the poison."""
        words = np.frombuffer(self.output(offset, size - size % 4), dtype="<u4")
        return int(np.count_nonzero(words == self._poison))

    def settled(self) -> None:
        """Raises Fault when anything was written after the fence."""
        if self._image and self._read() != self._image:
            raise Fault("quarantined:late-work", "the output changed after the answer: work was still going on")

    def close(self) -> None:
        """Release the file."""
        os.close(self._fd)

    def _read(self) -> bytes:
        parts, place = [], 0
        while place < self.size:
            part = os.pread(self._fd, self.size - place, place)
            if not part:
                raise Fault("failed:bad-output", f"the output file was cut to {place} of {self.size} bytes")
            parts.append(part)
            place += len(part)
        return b"".join(parts)

    def _relative(self, place: int) -> str:
        near = min(self._holes, key=lambda hole: min(abs(place - hole[0]), abs(place - hole[0] - hole[1])))
        after = place - near[0] - near[1]
        return f"{after} bytes after its end" if after >= 0 else f"{near[0] - place} bytes before its start"


def _create(path: Path, size: int, mode: int) -> int:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.fchmod(fd, mode)
    # Real blocks: on a full disk, a hole in a mapped file would end a runner that did nothing wrong.
    os.posix_fallocate(fd, 0, size)
    return fd
