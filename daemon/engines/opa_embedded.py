"""Our own policy server, following the policies folder by blue and green processes.

An edited folder is built, checked, tested and asked the canaries in a *new* process while the old one goes on
answering; only then the endpoint is switched, and the old process ends once the questions it got are answered. An unfit
edit, or an older revision that may not return, changes nothing but `status()`. The last fit bundle is kept in the state
folder, so that a restart over a broken folder still comes up, with the same alert.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

from daemon.engines.opa_process import OpaProcess
from daemon.engines.opa_status import Listeners, PolicyStatus, Refusal, any_revision, tell
from daemon.gate import DEADLINE, Endpoint
from daemon.restores import FOLDER as RESTORES
from policies.bundle import BadPoliciesError, Source
from policies.check import check
from policies.opa_cli import OpaFailedError
from workflows.ports import InfrastructureError

log = logging.getLogger(__name__)

POLL = 0.5
"""Seconds between two looks at the policies folder."""

NOT_STARTED = "opa: the policy server is not started"


class EmbeddedOpa:
    """Our own server. Thread-safe. Implements `OpaEngine`."""

    def __init__(
        self,
        policies: Path,
        state: Path,
        *,
        opa: Path,
        listeners: Listeners | None = None,
        refusal: Refusal = any_revision,
        poll: float = POLL,
    ) -> None:
        self._policies = policies
        self._permissions = state / RESTORES
        self._opa = opa
        self._work = state / "run" / "opa"
        self._last_good = state / "policies" / "last-good"
        self._log = state / "engines" / "opa.log"
        self._listeners = listeners or Listeners()
        self._refusal = refusal
        self._poll = poll
        self._serial = 0
        self._seen: object = None
        self._draining: list[tuple[float, OpaProcess]] = []
        self._lock = threading.Lock()  # protects _process, _source and _status
        self._process: OpaProcess | None = None
        self._source = Source({})
        self._status: PolicyStatus | None = None
        self._closing = threading.Event()
        self._follower: threading.Thread | None = None

    def start(self) -> None:
        """Start on the folder, or on the last fit bundle when the folder is unfit.

        Raises InfrastructureError when neither is fit.
        """
        shutil.rmtree(self._work, ignore_errors=True)
        self._seen = self._fingerprints()
        source, process, problem = self._first()
        tell(self._listeners.staged, source)
        with self._lock:
            self._source, self._process = source, process
            self._status = PolicyStatus("embedded", process.endpoint.url, source.revision, time.time())
        self._keep(source)
        tell(self._listeners.reloaded, source.revision)
        if problem:
            self._reject(problem)
        self._follower = threading.Thread(target=self._follow, name="policy-follower", daemon=True)
        self._follower.start()

    def endpoint(self) -> Endpoint:
        """Where the active bundle is served."""
        return self._running().endpoint

    def status(self) -> PolicyStatus:
        """The policy in force."""
        with self._lock:
            if self._status is None:
                raise InfrastructureError(NOT_STARTED)
            return self._status

    def stop(self) -> None:
        """Stop following and end all processes. Idempotent."""
        self._closing.set()
        if self._follower is not None:
            self._follower.join()
        for _, process in self._draining:
            process.stop()
        self._draining.clear()
        if self._process is not None:
            self._process.stop()

    def _running(self) -> OpaProcess:
        with self._lock:
            if self._process is None:
                raise InfrastructureError(NOT_STARTED)
            return self._process

    def _first(self) -> tuple[Source, OpaProcess, str]:
        source, process, problem = self._try(self._policies)
        if source and process and not (problem := self._refusal(source.revision, None)):
            return source, process, ""
        if self._last_good.is_dir():
            kept, old, _ = self._try(self._last_good)
            if kept and old:
                if source and process and not (problem := self._refusal(source.revision, old.endpoint)):
                    old.stop()
                    return source, process, ""
                if process:
                    process.stop()
                return kept, old, problem
        if process:
            process.stop()
        raise InfrastructureError(f"opa: the policies in {self._policies} cannot be used: {problem}")

    def _try(self, folder: Path) -> tuple[Source | None, OpaProcess | None, str]:
        """A fit process for what lies in `folder`, or why there is none."""
        try:
            source = Source.read(folder)
            if not self._was_fit(source) and (problems := check(source, self._opa, style=False)):
                return None, None, "; ".join(f"{problem.step}: {problem.message}" for problem in problems)
            process = self._start(source)
        except (BadPoliciesError, OpaFailedError, InfrastructureError, OSError) as error:
            return None, None, str(error)
        if unfit := process.unfit():
            process.stop()
            return None, None, "canary: " + "; ".join(unfit)
        return source, process, ""

    def _was_fit(self, source: Source) -> bool:
        """Whether these very files, tests included, passed every check before: they need not be checked again."""
        with contextlib.suppress(BadPoliciesError, OSError):
            return Source.read(self._last_good).files == source.files
        return False

    def _start(self, source: Source) -> OpaProcess:
        self._serial += 1
        return OpaProcess.start(self._opa, source, self._work / str(self._serial), self._log)

    def _keep(self, source: Source) -> None:
        """Replace the last fit bundle; a crash in between leaves the old one, the new one, or none."""
        fresh = self._last_good.with_name("last-good.new")
        source.write(fresh, tests=True)
        shutil.rmtree(self._last_good, ignore_errors=True)
        fresh.rename(self._last_good)

    def _follow(self) -> None:
        while not self._closing.wait(self._poll):
            try:
                self._drain()
                self._revive()
                self._look()
            except Exception as error:
                log.exception("policy follower")
                self._reject(f"the policies folder cannot be followed: {error}")

    def _fingerprints(self) -> object:
        return fingerprint(self._policies), fingerprint(self._permissions)

    def _look(self) -> None:
        now = self._fingerprints()
        if now == self._seen:
            return
        if self._closing.wait(min(self._poll, 0.3)) or self._fingerprints() != now:
            return  # an editor is still at work; look again
        self._seen = now
        with contextlib.suppress(BadPoliciesError):
            if Source.read(self._policies).files == self._source.files:
                self._take_back()
                return
        source, process, problem = self._try(self._policies)
        if source is None or process is None:
            self._reject(problem)
            return
        if problem := self._refusal(source.revision, self.endpoint()):
            process.stop()
            self._reject(problem)
            return
        tell(self._listeners.staged, source)
        self._keep(source)
        self._switch(source, process)
        tell(self._listeners.reloaded, source.revision)

    def _switch(self, source: Source, process: OpaProcess) -> None:
        old, status = self._running(), self.status()
        fresh = PolicyStatus(
            "embedded", process.endpoint.url, source.revision, time.time(), status.reloads + 1, status.rejected
        )
        with self._lock:
            self._process, self._source, self._status = process, source, fresh
        self._draining.append((time.monotonic() + DEADLINE + 0.5, old))
        log.info("policy revision %s is active", source.revision)

    def _reject(self, problem: str) -> None:
        status = self.status()
        with self._lock:
            self._status = replace(status, problem=problem, problem_since=time.time(), rejected=status.rejected + 1)
        log.error("policies rejected, revision %s stays active: %s", status.revision, problem)
        tell(self._listeners.rejected, problem)

    def _take_back(self) -> None:
        status = self.status()
        if status.problem:
            with self._lock:
                self._status = replace(status, problem="", problem_since=0.0)
            log.info("the rejected edit was taken back, revision %s is active", status.revision)
            tell(self._listeners.restored, status.revision)

    def _drain(self) -> None:
        now = time.monotonic()
        for entry in [entry for entry in self._draining if entry[0] <= now]:
            self._draining.remove(entry)
            entry[1].stop()

    def _revive(self) -> None:
        """A server that ended by itself is replaced by one with the same bundle."""
        dead = self._running()
        if dead.alive():
            return
        log.error("opa ended with status %s; starting it again", dead.child.returncode)
        process = self._start(self._source)
        status = self.status()
        with self._lock:
            self._process = process
            self._status = replace(status, url=process.endpoint.url)
        dead.stop()


def fingerprint(folder: Path) -> tuple[tuple[str, int, int, int], ...]:
    """What changes when a policy file is edited, added or removed: names, times, sizes, inodes. Cheap; never raises."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.rglob("*"):
            if path.suffix in {".rego", ".yaml", ".yml", ".json"}:
                with contextlib.suppress(OSError):
                    facts = path.lstat()
                    found.append((str(path), facts.st_mtime_ns, facts.st_size, facts.st_ino))
    return tuple(sorted(found))
