"""Containers under policy: the gate is asked about each one before it is created."""

from __future__ import annotations

from daemon.decisions import refused
from daemon.gate import Gate
from daemon.killswitch import KillSwitch
from sandbox.backend import Running as Named
from sandbox.docker_backend import DockerBackend, Running
from sandbox.pool import Bounds
from sandbox.spec import ContainerSpec
from workflows.ports import InfrastructureError

CAMPAIGN, CANDIDATE = "ratchet.campaign", "ratchet.candidate"
"""Labels by which a container names whom it serves."""


class GovernedBackend(DockerBackend):
    """The Docker backend, with the kill switch and the decision `sandbox` in front of every launch."""

    gate: Gate
    switch: KillSwitch
    _bounds = Bounds()

    def launch(self, spec: ContainerSpec) -> Running:
        """Ask, then launch.

        Raises RefusedError when policy says no, InfrastructureError when it does not answer or the switch is pulled.
        """
        self._ask(spec)
        running = super().launch(spec)
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
        except BaseException:
            running.remove()
            raise
        super().assign(running, spec)

    def bounds(self) -> Bounds:
        """How much may be started ahead, as the policy last said."""
        return self._bounds

    def _ask(self, spec: ContainerSpec) -> None:
        self._look()
        campaign, candidate = spec.labels.get(CAMPAIGN, ""), spec.labels.get(CANDIDATE, "")
        facts = {
            "campaign": campaign,
            "candidate": candidate,
            "role": spec.role,
            "spec": spec.model_dump(mode="json"),
            "gpu": bool(spec.devices.paths),
        }
        decision = self.gate.decide("sandbox", facts, campaign=campaign, candidate=candidate)
        if decision.cause:
            raise InfrastructureError(f"opa: {decision.cause}")
        if not decision.permitted:
            raise refused(decision, "SANDBOX")
        pool = decision.require.get("pool") or {}
        self._bounds = Bounds(int(pool.get("idle", 0)), float(pool.get("seconds", 0.0)))

    def _look(self) -> None:
        if self.switch.pulled():
            raise InfrastructureError("kill switch: pulled; no container is started")
