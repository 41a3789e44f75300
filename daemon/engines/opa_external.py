"""A policy server that somebody else runs: we only ask it, and follow the revision that it serves.

Its bundle has to be the one that `policies/` builds (same packages, `data.ratchet.revision` as in its manifest). A new
revision is used once the canaries are denied by it (and, when it is an older one, it may return); until then every
decision is refused, because it carries a revision that is not the active one.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

from daemon.engines.canary import failed_canaries
from daemon.engines.opa_status import Listeners, PolicyStatus, Refusal, any_revision, tell
from daemon.gate import Endpoint, served_revision
from workflows.ports import InfrastructureError

log = logging.getLogger(__name__)

POLL = 2.0
"""Seconds between two looks at the served revision."""


class ExternalOpa:
    """The server at `url`, asked with `token`. Thread-safe. Implements `OpaEngine`."""

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        listeners: Listeners | None = None,
        refusal: Refusal = any_revision,
        poll: float = POLL,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._listeners = listeners or Listeners()
        self._refusal = refusal
        self._poll = poll
        self._lock = threading.Lock()  # protects _status
        self._status: PolicyStatus | None = None
        self._closing = threading.Event()
        self._follower: threading.Thread | None = None

    def start(self) -> None:
        """Learn the served revision and ask it the canaries. Raises InfrastructureError when it is not fit."""
        revision = self._fit_revision("")
        with self._lock:
            self._status = PolicyStatus("external", self._url, revision, time.time())
        tell(self._listeners.reloaded, revision)
        self._follower = threading.Thread(target=self._follow, name="policy-follower", daemon=True)
        self._follower.start()

    def endpoint(self) -> Endpoint:
        """The given URL, at the revision that passed the canaries."""
        return Endpoint(self._url, self._token, self.status().revision)

    def status(self) -> PolicyStatus:
        """The policy in force."""
        with self._lock:
            if self._status is None:
                raise InfrastructureError("opa: the policy server is not connected yet")
            return self._status

    def stop(self) -> None:
        """Stop following; the server itself is not ours to stop. Idempotent."""
        self._closing.set()
        if self._follower is not None:
            self._follower.join()

    def _fit_revision(self, active: str) -> str:
        """The served revision: the active one, or a new one that passed the canaries and may rule."""
        served = served_revision(Endpoint(self._url, self._token, ""))
        if not served:
            raise InfrastructureError(f"opa: {self._url} gives no decision; serve the bundle of policies/ there")
        if served != active and (failed := failed_canaries(Endpoint(self._url, self._token, served))):
            raise InfrastructureError(f"opa: {self._url} serves an unfit bundle: {'; '.join(failed)}")
        # The bundle that was in force is gone from the server: the one that wants to return is all that can be asked.
        if served != active and (why := self._refusal(served, Endpoint(self._url, self._token, served))):
            raise InfrastructureError(f"opa: {self._url}: {why}")
        return served

    def _follow(self) -> None:
        while not self._closing.wait(self._poll):
            status = self.status()
            try:
                revision = self._fit_revision(status.revision)
            except Exception as error:
                self._reject(status, str(error))
                continue
            if revision != status.revision:
                self._put(replace(
                    status, revision=revision, since=time.time(), reloads=status.reloads + 1, problem="",
                    problem_since=0.0,
                ))  # fmt: skip
                log.info("policy revision %s is active", revision)
                tell(self._listeners.reloaded, revision)
            elif status.problem:
                self._put(replace(status, problem="", problem_since=0.0))
                tell(self._listeners.restored, revision)

    def _reject(self, status: PolicyStatus, problem: str) -> None:
        if problem == status.problem:
            return
        self._put(replace(status, problem=problem, problem_since=time.time(), rejected=status.rejected + 1))
        log.error("policy server: %s", problem)
        tell(self._listeners.rejected, problem)

    def _put(self, status: PolicyStatus) -> None:
        with self._lock:
            self._status = status
