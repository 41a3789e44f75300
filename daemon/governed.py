"""Containers under policy: the gate is asked about each one before it is created."""

from __future__ import annotations

from typing import Any

from daemon.decisions import refused
from daemon.gate import Gate
from daemon.killswitch import KillSwitch
from daemon.standing import Standing, waiting_hold
from sandbox.docker_backend import DockerBackend, Running
from sandbox.spec import ContainerSpec
from workflows.ports import HeldError, InfrastructureError

CAMPAIGN, CANDIDATE = "ratchet.campaign", "ratchet.candidate"
"""Labels by which a container names whom it serves."""


class GovernedBackend(DockerBackend):
    """The Docker backend, with the kill switch and the decision `sandbox` in front of every launch."""

    gate: Gate
    switch: KillSwitch
    standing: Standing

    def launch(self, spec: ContainerSpec) -> Running:
        """Ask, then launch.

        Raises RefusedError when policy says no (HeldError when an override could lift it), InfrastructureError when it
        does not answer or the switch is pulled.
        """
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
            hold = waiting_hold(campaign, candidate, decision)
            raise HeldError(decision.deny[0].code, "; ".join(decision.reasons), hold)
        if not decision.permitted:
            raise refused(decision, "SANDBOX")
        running = super().launch(spec)
        try:
            self._look()  # pulled while it started: whoever removes containers may have looked before it was there
        except InfrastructureError:
            running.remove()
            raise
        return running

    def _look(self) -> None:
        if self.switch.pulled():
            raise InfrastructureError("kill switch: pulled; no container is started")
