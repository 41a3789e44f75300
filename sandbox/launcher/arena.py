"""Device memory for the arrays of one call: random places between guard bands, all of it poison before."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from ..guest.failure import Failure
from .driver import Driver
from .plan import Array

ALIGN = 256
"""Every array of every launch starts at a multiple of this: what both drivers' own allocators promise."""
GUARD = 4096
"""Least poison around every array, in bytes."""


@dataclass(frozen=True)
class Place:
    """Where the array of one launch lies: offsets in bytes."""

    array: Array
    source: int
    """In the region shared with the judge."""
    offset: int
    """In the arena."""


def room(sizes: Sequence[int]) -> int:
    """Bytes of an arena for arrays of these sizes: half as much again as they and their guards need."""
    need = sum(_padded(size) for size in sizes) + GUARD
    return -(-3 * need // (2 * ALIGN)) * ALIGN


def scatter(sizes: Sequence[int], size: int, rng: random.Random) -> list[int]:
    """Random aligned offsets in random order, at least GUARD bytes apart and from both ends."""
    free = (size - GUARD - sum(_padded(each) for each in sizes)) // ALIGN
    order = list(range(len(sizes)))
    rng.shuffle(order)
    gaps = sorted(rng.randint(0, free) for _ in sizes)
    offsets, used = [0] * len(sizes), GUARD
    for gap, index in zip(gaps, order, strict=True):
        offsets[index] = used + gap * ALIGN
        used += _padded(sizes[index])
    return offsets


class Arena:
    """One stretch of device memory, used by one call after another; grows when a call needs more."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._rng = random.Random()  # noqa: S311 (where things lie is no secret; that it differs is the point)
        self._address = 0
        self._size = 0
        self._poison = b""

    def prepare(self, batch: int, arrays: Sequence[Array], inputs: memoryview) -> list[list[Place]]:
        """Poison everything, put the inputs at fresh places; returns the places of each launch's arrays."""
        wanted = [array for _ in range(batch) for array in arrays]
        sizes = [array.size for array in wanted]
        self._grow(room(sizes))
        # A quiet NaN with a random payload: what is added to it stays NaN.
        word = 0x7FF80000 | self._rng.randrange(1, 1 << 19)
        self._poison = struct.pack("<I", word)
        self._driver.fill(self._address, word, self._size // 4)
        offsets = scatter(sizes, self._size, self._rng)
        places = []
        for launch in range(batch):
            own = offsets[launch * len(arrays) : (launch + 1) * len(arrays)]
            places.append([Place(a, a.at + launch * a.size, at) for a, at in zip(arrays, own, strict=True)])
        for place in (place for one in places for place in one if not place.array.output):
            data = bytes(inputs[place.source : place.source + place.array.size])
            self._driver.put(self._address + place.offset, data)
        return places

    def address(self, place: Place) -> int:
        """Where the kernel finds it."""
        return self._address + place.offset

    def collect(self, places: Sequence[Sequence[Place]], inputs: memoryview, outputs: memoryview) -> None:
        """Copy the outputs to the judge's region. Raises Failure when anything but an output was written."""
        image = self._driver.get(self._address, self._size)
        end = 0
        for place in sorted((place for one in places for place in one), key=lambda place: place.offset):
            self._guarded(image, end, place.offset)
            end = place.offset + place.array.size
            data = image[place.offset : end]
            if place.array.output:
                outputs[place.source : place.source + place.array.size] = data
            elif data != inputs[place.source : place.source + place.array.size]:
                raise Failure("input-mutated", "the kernel changed its inputs")
        self._guarded(image, end, self._size)

    def _guarded(self, image: bytearray, start: int, end: int) -> None:
        first = -(-start // 4) * 4
        if image[first:end] != self._poison * ((end - first) // 4):
            raise Failure("guard-band", "the kernel wrote outside its output")

    def _grow(self, size: int) -> None:
        if size <= self._size:
            return
        if self._address:
            self._driver.free(self._address)
            self._address = self._size = 0
        self._address, self._size = self._driver.allocate(size), size


def _padded(size: int) -> int:
    return -(-size // ALIGN) * ALIGN + GUARD
