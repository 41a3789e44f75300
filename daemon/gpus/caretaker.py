"""Care by containers: whatever still has the device is removed, then the launcher's `care` runs on it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path

from daemon.gpus.lending import Report
from sandbox.backend import Backend
from sandbox.devices import Device
from sandbox.engine import Engine, Found
from sandbox.launching import CARE_LIMITS, GPU, GPU_TOKEN, care_spec
from workflows.ports import InfrastructureError, RefusedError

MARGIN_SECONDS = 30.0
"""Beyond the container's own deadline, for an engine that is busy."""


class ContainerCaretaker:
    """See `lending.Caretaker`. `image` gives the id of the image that holds the driver's library for a make of GPU."""

    def __init__(
        self,
        backend: Backend,
        engine: Engine,
        image: Callable[[Device], str],
        programs: Callable[[], tuple[Path, Path]],
        driver: Callable[[Device], str],
    ) -> None:
        self._backend = backend
        self._engine = engine
        self._image = image
        self._programs = programs
        self._driver = driver

    def fence(self, device: str, token: int) -> int:
        """See `lending.Caretaker.fence`. Other daemons' too; what bears no token is older."""
        found = [one for one in self._engine.find([f"{GPU}={device}"]) if _token(one) < token]
        for one in found:
            self._engine.remove(one.id)
        return len(found)

    def tend(self, device: Device, token: int, check: Callable[[], None]) -> Report:
        """See `lending.Caretaker.tend`. The poison is a NaN with a fresh payload: no old one passes for it."""
        poison = 0x7FF80000 | secrets.randbelow((1 << 19) - 1) + 1
        spec = care_spec(self._image(device), device, token, self._programs(), poison, self._driver(device))
        check()
        try:
            running = self._backend.launch(spec)
        except RefusedError as error:
            return Report(False, detail=str(error)[:300])
        try:
            check()  # whoever slept between the first look and the start must not stay on another one's device
            end = running.wait(CARE_LIMITS.wall_seconds + MARGIN_SECONDS) or running.kill("timeout")
        finally:
            running.remove()
        if end.reason == "timeout":
            return Report(False, detail="the device did not answer in time")
        try:
            told = json.loads(end.stdout)
            healthy, filled = told["healthy"] is True and end.code == 0, int(told.get("filled", 0))
        except (ValueError, KeyError, TypeError) as error:
            last = end.stderr[-200:].decode("utf-8", "replace")
            raise InfrastructureError(f"gpu: care of {device.name} gave no answer ({end.reason}): {last}") from error
        return Report(healthy, filled, str(told.get("error", ""))[:300])


def _token(found: Found) -> int:
    """The token under which a container was started; 0 for what bears none of ours."""
    text = found.labels.get(GPU_TOKEN, "")
    return int(text) if text.isascii() and text.isdigit() else 0
