"""How a kernel is launched: a few numbers from the candidate, checked, and arguments packed for it. Pure."""

from __future__ import annotations

import ctypes
import json
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FILE = "launch.json"
MOST_BYTES = 4096
"""Longest plan."""


class BadPlan(Exception):
    """A plan that is not one, in a sentence for its author."""


@dataclass(frozen=True)
class Plan:
    """Blocks of `threads` threads, each for `rows` rows, with `shared_bytes` of shared memory."""

    threads: int
    rows: int
    shared_bytes: int = 0
    pointers: int = 0
    """Pointers beyond the call's own arguments, which some compilers add for scratch memory: passed as null."""

    def grid(self, rows: int) -> int:
        """Blocks for a call of `rows` rows."""
        return -(-rows // self.rows)


BOUNDS = {"threads": (1, 1024), "rows": (1, 1 << 20), "shared_bytes": (0, 256 * 1024), "pointers": (0, 4)}
NEEDED = {"threads", "rows"}


def read_plan(data: bytes) -> Plan:
    """The plan in a candidate's `launch.json`: whole numbers, no other fields. Raises BadPlan."""
    if len(data) > MOST_BYTES:
        raise BadPlan(f"{FILE} has {len(data)} bytes, more than {MOST_BYTES}")
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadPlan(f"{FILE} is not JSON: {error}"[:300]) from error
    if not isinstance(found, dict) or not NEEDED <= set(found) <= set(BOUNDS):
        raise BadPlan(f"{FILE} must hold {', '.join(sorted(NEEDED))}, and may hold {', '.join(sorted(BOUNDS))}")
    for name, value in found.items():
        low, high = BOUNDS[name]
        if type(value) is not int or not low <= value <= high:
            raise BadPlan(f"{FILE}: {name} must be a whole number from {low} to {high}")
    return Plan(**found)


@dataclass(frozen=True)
class Array:
    """One array of a call: `size` bytes for each launch of the batch, starting at `at` in the shared region."""

    at: int
    size: int
    output: bool


def arrays(arguments: Sequence[dict[str, Any]], outputs: Sequence[dict[str, Any]]) -> tuple[int, list[Array]]:
    """How many launches a call is, and its arrays in the order of the arguments.

    The first dimension of every array counts the launches: each has inputs and outputs of its own. Raises BadPlan.
    """
    found, sizes = [], {output["at"]: output for output in outputs}
    batches = set()
    for argument in arguments:
        if "value" in argument:
            continue
        told = argument if "in" in argument else sizes[argument["out"]]
        shape = told["shape"]
        if len(shape) < 2:
            raise BadPlan("every array of a device target has a first dimension that counts launches, and one more")
        batches.add(shape[0])
        size = math.prod(shape[1:]) * struct.calcsize(told["kind"])
        found.append(Array(argument["in"] if "in" in argument else argument["out"], size, "out" in argument))
    if len(batches) != 1:
        raise BadPlan(f"the arrays of one call are for different numbers of launches: {sorted(batches)}")
    return batches.pop(), found


def packed(arguments: Sequence[dict[str, Any]], addresses: Sequence[int], extra: int) -> list[Any]:
    """One launch's arguments as ctypes values: pointers as 64 bits, whole numbers as `int`, others as `float`."""
    places = iter(addresses)
    values: list[Any] = []
    for argument in arguments:
        if "value" not in argument:
            values.append(ctypes.c_uint64(next(places)))
        elif isinstance(argument["value"], float):
            values.append(ctypes.c_float(argument["value"]))
        else:
            values.append(ctypes.c_int(argument["value"]))
    return values + [ctypes.c_uint64(0) for _ in range(extra)]
