"""Steps stand still while the kill switch is pulled, and what a killed step found counts for nothing.

A step whose container was removed under it would else end in a verdict against the candidate. As our own fault it is
retried by Temporal, after the re-arming.
"""

from __future__ import annotations

from typing import Any

from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from daemon.killswitch import KillSwitch
from workflows.ports import InfrastructureError


class Halt(Interceptor):
    """For a worker: no activity begins or ends well while the switch is pulled."""

    def __init__(self, switch: KillSwitch) -> None:
        self._switch = switch

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap every activity."""
        return _Halting(next, self._switch)


class _Halting(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, switch: KillSwitch) -> None:
        super().__init__(inner)
        self._switch = switch

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        self._look()
        try:
            return await self.next.execute_activity(input)
        finally:
            self._look()

    def _look(self) -> None:
        if self._switch.pulled():
            raise InfrastructureError("kill switch: pulled; ratchet rearm lets the daemon start again")
