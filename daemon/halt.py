"""Steps stand still while the kill switch is pulled or a shutdown has run out of time, and what they found counts for
nothing.

A step whose container was removed under it would else end in a verdict against the candidate. As our own fault it is
retried by Temporal, after the re-arming or the next start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from workflows.ports import InfrastructureError


class Halt(Interceptor):
    """For a worker: no activity begins or ends well while `why` has an answer."""

    def __init__(self, why: Callable[[], str]) -> None:
        self._why = why

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap every activity."""
        return _Halting(next, self._why)


class _Halting(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, why: Callable[[], str]) -> None:
        super().__init__(inner)
        self._why = why

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        self._look()
        try:
            return await self.next.execute_activity(input)
        finally:
            self._look()

    def _look(self) -> None:
        if why := self._why():
            raise InfrastructureError(why)
