"""Carrying a kill out: containers gone, gateway shut, recorded. Works while everything else hangs or is down.

The watch is a thread of its own, so that neither a stalled event loop nor a stuck start keeps it from acting. It asks
no policy and no Temporal server: stopping needs nobody's leave.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from daemon.killswitch import Killed, KillSwitch
from daemon.records.audit import AuditLog
from sandbox.docker_backend import DockerEngine
from sandbox.docker_options import LABEL
from workflows.ports import InfrastructureError

log = logging.getLogger("ratchet")

POLL = 0.25
"""Seconds between two looks at the switch."""
REMOVERS = 8
SETTLE_SECONDS = 8.0
"""How long containers that appear meanwhile are removed too."""
DRAIN_SECONDS = 5.0
"""How long a model call under way may take to reach the journal, with its socket already shut."""


def remove_containers(docker_url: str, instance: str, *, seconds: float = SETTLE_SECONDS) -> int:
    """Remove every container of this instance, until none is left; returns how many.

    Raises InfrastructureError when the engine does not answer, or some are still there after `seconds`.
    """
    engine = DockerEngine(docker_url)
    deadline = time.monotonic() + seconds
    gone: set[str] = set()
    pool = ThreadPoolExecutor(REMOVERS, thread_name_prefix="kill")
    try:
        while found := engine.find([f"{LABEL}instance={instance}"]):
            removals = [pool.submit(engine.remove, one.id) for one in found]
            wait(removals, timeout=max(0.0, deadline - time.monotonic()))
            gone |= {one.id for one in found}
            time.sleep(0.05)
            if time.monotonic() > deadline:
                raise InfrastructureError(f"docker: {len(found)} containers are still there after {seconds:g} s")
        return len(gone)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        engine.close()


def record_kill(switch: KillSwitch, audit: AuditLog, killed: Killed) -> Killed:
    """Put the kill in the audit log, once. Raises AuditUnavailable, OSError."""
    if killed.recorded:
        return killed
    body = {"id": killed.id, "at": killed.at, "how": killed.how, "reason": killed.reason}
    audit.append("kill", actor=killed.by, body=body)
    switch.mark_recorded(killed)
    return killed._replace(recorded=True)


class Watch:
    """Looks at the switch all the time, and acts. `start` it before anything that could hang."""

    def __init__(self, switch: KillSwitch, remove: Callable[[], int]) -> None:
        self._switch = switch
        self._remove = remove
        self._shut: Callable[[float], None] | None = None
        self._shutting: threading.Thread | None = None
        self._audit: AuditLog | None = None
        self._asked = ""
        self._told = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kill-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def attach(self, shut: Callable[[float], None], audit: AuditLog) -> None:
        """What there is to stop besides containers: `shut` closes the gateway and lets calls drain some seconds."""
        self._shut, self._audit = shut, audit

    def pull(self, by: str) -> None:
        """Pull the switch from a signal handler: only leaves a mark, which the thread acts on."""
        self._asked = by

    @property
    def acted(self) -> bool:
        """It was pulled, and everything was tried once."""
        return self._told

    def settle(self) -> None:
        """Return when the gateway is shut, if that is under way: only one may shut it."""
        if self._shutting is not None:
            self._shutting.join(2 * DRAIN_SECONDS)

    def stop(self) -> None:
        """End the thread, after what it is doing. Idempotent."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(POLL):
            try:
                self._look()
            except Exception:
                log.exception("kill switch")

    def _look(self) -> None:
        if self._asked:
            by, self._asked = self._asked, ""
            self._switch.pull(by=by, how="signal")
        killed = self._switch.killed()
        if killed is None:
            return
        if not self._told:
            log.critical("killed", extra={"by": killed.by, "how": killed.how, "reason": killed.reason})
        shut, self._shut = self._shut, None
        if shut is not None:
            self._shutting = threading.Thread(target=shut, args=(DRAIN_SECONDS,), name="kill-gateway", daemon=True)
            self._shutting.start()
        try:
            # Again at every look: a launch that was under way may have come to its end since.
            if removed := self._remove():
                log.warning("removed containers", extra={"count": removed})
        except InfrastructureError as error:
            log.error("containers cannot be removed", extra={"error": str(error)})
        if self._audit is not None and not killed.recorded:
            try:
                record_kill(self._switch, self._audit, killed)
            except (InfrastructureError, OSError) as error:
                log.error("the kill cannot be recorded", extra={"error": str(error)})
        self._told = True
