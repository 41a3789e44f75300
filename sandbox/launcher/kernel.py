"""One loaded kernel, called as the judge asks: no launch may fail, both clocks must agree, all guards must hold."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ..guest.failure import Failure
from ..guest.memory import Memory
from .arena import Arena
from .clocks import Disagreement, agreed
from .driver import SHARED_ATTRIBUTE, THREADS_ATTRIBUTE, Driver, DriverError
from .plan import FILE, Array, BadPlan, Plan, arrays, packed, read_plan

MOST_OBJECT_BYTES = 64 * 1024 * 1024
TRIES = 3
"""Launches of one batch until its clocks agree."""


class Kernel:
    """A kernel and its plan. `rows` is the index of the argument that says how many rows a launch has."""

    def __init__(self, driver: Driver, folder: Path, file: str, symbol: str, rows: int, memory: Memory) -> None:
        self._driver = driver
        self._memory = memory
        self._rows = rows
        self._arena = Arena(driver)
        try:
            with (folder / FILE).open("rb") as plan, (folder / file).open("rb") as image:
                self._plan = read_plan(plan.read(8192))
                self._function = driver.function(driver.load(image.read(MOST_OBJECT_BYTES)), symbol)
            self._fits(self._plan)
        except OSError as error:
            raise Failure("load", f"the build left no {error.filename}: {error.strerror}") from error
        except BadPlan as error:
            raise Failure("load", str(error)) from error
        except DriverError as error:
            raise Failure("load", f"the driver does not take the object: {error}") from error

    def call(self, arguments: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> float:
        """Launch the whole batch once; returns seconds of one launch. Raises Failure."""
        try:
            batch, found = arrays(arguments, outputs)
            rows = arguments[self._rows]["value"]
        except (BadPlan, KeyError, IndexError) as error:
            raise Failure("load", f"the target's call cannot be launched: {error}") from error
        left = TRIES
        while True:
            left -= 1
            try:
                return self._once(arguments, batch, found, self._plan.grid(rows)) / batch
            except Disagreement as error:
                # A processor that was busy elsewhere explains one such moment, not all of them.
                if not left:
                    raise Failure("clock", str(error)) from error

    def _once(self, arguments: list[dict[str, Any]], batch: int, found: list[Array], grid: int) -> float:
        """Seconds of the whole batch, on fresh places. Raises Failure and Disagreement."""
        try:
            places = self._arena.prepare(batch, found, self._memory.inputs)
            ready = [packed(arguments, [self._arena.address(p) for p in one], self._plan.pointers) for one in places]
            self._driver.wait()
        except DriverError as error:
            raise SystemExit(f"launcher: the device fails before the launch: {error}") from error
        try:
            seconds = self._timed(grid, ready)
            self._arena.collect(places, self._memory.inputs, self._memory.outputs)
        except DriverError as error:
            raise Failure("launch", f"the launch failed: {error}") from error
        return seconds

    def _timed(self, grid: int, ready: list[list[Any]]) -> float:
        started = time.perf_counter()
        with self._driver.timed() as found:
            for values in ready:
                self._driver.launch(self._function, grid, self._plan.threads, self._plan.shared_bytes, values)
        return agreed(found[0], time.perf_counter() - started)

    def _fits(self, plan: Plan) -> None:
        """Limits that a driver may let pass, with nonsense for a result."""
        threads = self._driver.attribute(self._function, THREADS_ATTRIBUTE)
        if plan.threads > threads:
            raise Failure("load", f"{plan.threads} threads a block, while this kernel can have {threads}")
        shared = self._driver.attribute(self._function, SHARED_ATTRIBUTE) + plan.shared_bytes
        if shared > self._driver.shared_limit():
            raise Failure("load", f"{shared} bytes of shared memory, while a block has {self._driver.shared_limit()}")
