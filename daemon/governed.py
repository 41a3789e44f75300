"""Containers under policy: the gate is asked about each one before it is created."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from daemon.decisions import refused
from daemon.gate import Gate
from daemon.killswitch import KillSwitch
from daemon.standing import Standing, held
from sandbox.backend import Running as Named
from sandbox.docker_backend import DockerBackend, Running
from sandbox.pool import Bounds
from sandbox.spec import ContainerSpec
from workflows.ports import InfrastructureError

CAMPAIGN, CANDIDATE = "ratchet.campaign", "ratchet.candidate"
"""Labels by which a container names whom it serves."""
SHUT_SECONDS = 10.0
"""How long launches under way may take to come to their end when the doors are shut."""


class GovernedBackend(DockerBackend):
    """The Docker backend, with the kill switch and the decision `sandbox` in front of every launch."""

    gate: Gate
    switch: KillSwitch
    standing: Standing

    def __init__(self, base_url: str | None = None, *, instance: str, allowed_roots: Sequence[Path]) -> None:
        super().__init__(base_url, instance=instance, allowed_roots=allowed_roots)
        self._doors = threading.Condition()  # protects the two below
        self._shut = False
        self._launching = 0
        self._bounds = Bounds()

    def launch(self, spec: ContainerSpec) -> Running:
        """Ask, then launch.

        Raises RefusedError when policy says no (HeldError when an override could lift it), InfrastructureError when it
        does not answer, the switch is pulled or the daemon shuts down.
        """
        self._ask(spec)
        with self._doors:
            self._look()
            self._launching += 1
        try:
            running = super().launch(spec)
        finally:
            with self._doors:
                self._launching -= 1
                self._doors.notify_all()
        try:
            self._look()  # pulled while it started: whoever removes containers may have looked before it was there
        except InfrastructureError:
            running.remove()
            raise
        return running

    def assign(self, running: Named, spec: ContainerSpec) -> None:
        """Ask about the real use, then give the waiting container to it; on any no it is removed.

        Raises as `launch`.
        """
        try:
            self._ask(spec)
            super().assign(running, spec)
            self._look()  # pulled meanwhile: nothing of a candidate is started
        except BaseException:
            running.remove()
            raise

    def bounds(self) -> Bounds:
        """How much may be started ahead, as the policy last said."""
        return self._bounds

    def shut(self) -> None:
        """Start nothing from here on; returns when no launch is under way any more, or after `SHUT_SECONDS`."""
        with self._doors:
            self._shut = True
            self._doors.wait_for(lambda: self._launching == 0, SHUT_SECONDS)

    def _ask(self, spec: ContainerSpec) -> None:
        self._look()
        campaign, candidate = spec.labels.get(CAMPAIGN, ""), spec.labels.get(CANDIDATE, "")
        facts: dict[str, Any] = {
            "campaign": campaign,
            "candidate": candidate,
            "role": spec.role,
            "spec": spec.model_dump(mode="json"),
            "gpu": bool(spec.devices.paths),
            **self.standing.facts(campaign, candidate),
        }
        decision = self.gate.decide("sandbox", facts, campaign=campaign, candidate=candidate)
        if decision.cause:
            raise InfrastructureError(f"opa: {decision.cause}")
        if decision.soft:
            raise held(campaign, candidate, decision)
        if not decision.permitted:
            raise refused(decision, "SANDBOX")
        pool = decision.require.get("pool") or {}
        self._bounds = Bounds(int(pool.get("idle", 0)), float(pool.get("seconds", 0.0)))

    def _look(self) -> None:
        if self._shut:
            raise InfrastructureError("daemon: shutting down; no container is started")
        if self.switch.pulled():
            raise InfrastructureError("kill switch: pulled; no container is started")
