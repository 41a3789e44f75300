"""Between two leases: is the device sound, and does anything of the last one's still lie in its memory?"""

from __future__ import annotations

import time
from typing import Any

from .driver import Driver, DriverError

PROBE_BYTES = 1 << 20
PROBE_WORDS = (0x00000000, 0xFFFFFFFF, 0xA5A5A5A5, 0x5A5A5A5A)
CHUNK_BYTES = 1 << 30
LEAST_CHUNK_BYTES = 1 << 20
ENOUGH_SHARE = 0.9
"""Part of the memory that must have been filled: the driver itself keeps some of it."""


def care(driver: Driver, poison: int) -> dict[str, Any]:
    """Probe, then fill all memory that can be had with poison and look at some of it. Raises DriverError."""
    started = time.monotonic()
    probe(driver)
    filled, total = fill(driver, poison)
    return {
        "healthy": filled >= ENOUGH_SHARE * total,
        "filled": filled,
        "total": total,
        "seconds": round(time.monotonic() - started, 3),
    }


def probe(driver: Driver) -> None:
    """Memory holds what is written to it, and the device's clock runs. Raises DriverError."""
    address = driver.allocate(PROBE_BYTES)
    try:
        with driver.timed() as seconds:
            for word in PROBE_WORDS:
                driver.fill(address, word, PROBE_BYTES // 4)
                if driver.get(address, PROBE_BYTES) != word.to_bytes(4, "little") * (PROBE_BYTES // 4):
                    raise DriverError("probe", -1, f"memory does not hold {word:#010x}")
        if not seconds[0] > 0:
            raise DriverError("probe", -1, "the device's clock stands still")
    finally:
        driver.free(address)


def fill(driver: Driver, poison: int) -> tuple[int, int]:
    """Fill with ever smaller pieces until none can be had; returns bytes filled, and bytes there are."""
    _, total = driver.memory()
    held: list[tuple[int, int]] = []
    size = CHUNK_BYTES
    try:
        while size >= LEAST_CHUNK_BYTES:
            try:
                address = driver.allocate(size)
            except DriverError:
                size //= 2
                continue
            held.append((address, size))
            driver.fill(address, poison, size // 4)
        driver.wait()
        for address, size in held:
            for at in (0, size // 2, size - 4):
                if driver.get(address + at, 4) != poison.to_bytes(4, "little"):
                    raise DriverError("fill", -1, f"the poison is not there at {at} of {size} bytes")
    finally:
        for address, _ in held:
            driver.free(address)
    return sum(size for _, size in held), total
