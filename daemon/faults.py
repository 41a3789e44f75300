"""Mistakes of our own code that an activity met: counted and logged with their traceback, whatever becomes of them."""

from __future__ import annotations

import logging
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from daemon.metrics import Metrics

log = logging.getLogger("ratchet")


class Faults(Interceptor):
    """For a worker: `translated` in `workflows.activities` names the mistakes, this tells people of them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap every activity."""
        return _Watched(next, self._metrics)


class _Watched(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, metrics: Metrics) -> None:
        super().__init__(inner)
        self._metrics = metrics

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await self.next.execute_activity(input)
        except ApplicationError as error:
            if error.type == "Bug":
                info = activity.info()
                self._metrics.bug()
                told = {"activity": info.activity_type, "attempt": info.attempt, "final": error.non_retryable}
                log.error(error.message, exc_info=error.__cause__, extra=told)
            raise
