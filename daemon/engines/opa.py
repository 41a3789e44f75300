"""The policy server: the one given by URL, or our own child process that follows the policies folder.

An edited folder is built, checked, tested and asked the canaries in a *new* process while the old one goes on
answering; only then the endpoint is switched, and the old process ends once the questions it got are answered. An unfit
edit changes nothing but `status()`. The last fit bundle is kept in the state folder, so that a restart over a broken
folder still comes up, with the same alert.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from daemon.engines.opa_process import OpaProcess
from daemon.gate import DEADLINE, Endpoint
from policies.bundle import BadPoliciesError, Source
from policies.check import check
from policies.opa_cli import OpaFailedError, OpaMissingError, find_opa
from workflows.ports import InfrastructureError

log = logging.getLogger(__name__)

POLL = 0.5
"""Seconds between two looks at the policies folder."""


@dataclass(frozen=True)
class PolicyStatus:
    """What `doctor`, metrics and people want to know about the policy in force."""

    mode: str
    """`embedded` or `external`."""
    url: str
    revision: str
    since: float
    """Unix seconds: when this revision became active."""
    reloads: int = 0
    rejected: int = 0
    """Edits that were not fit."""
    problem: str = ""
    """Why the newest edit is not in force; empty when it is."""
    problem_since: float = 0.0


class PolicyServer(Protocol):
    """What the daemon needs of a policy server, ours or not."""

    def endpoint(self) -> Endpoint:
        """Where to ask now. Raises InfrastructureError."""

    def status(self) -> PolicyStatus:
        """The policy in force."""

    def close(self) -> None:
        """Stop following, and end our own process. Idempotent."""


class EmbeddedOpa:
    """Our own server, following a folder. Thread-safe; starts in the constructor."""

    def __init__(
        self,
        policies: Path,
        state: Path,
        *,
        opa: Path,
        on_reload: Callable[[str], None] = lambda _: None,
        on_rejected: Callable[[str], None] = lambda _: None,
        poll: float = POLL,
    ) -> None:
        """Start on `policies`, or on the last fit bundle when that is unfit.

        Raises InfrastructureError when neither is fit.

        `on_reload` gets each new revision, `on_rejected` each problem; both run in the following thread.
        """
        self._policies = policies
        self._opa = opa
        self._work = state / "run" / "opa"
        self._last_good = state / "policies" / "last-good"
        self._log = state / "engines" / "opa.log"
        self._on_reload = on_reload
        self._on_rejected = on_rejected
        self._poll = poll
        self._serial = 0
        self._draining: list[tuple[float, OpaProcess]] = []
        self._lock = threading.Lock()  # protects _process and _status
        self._closing = threading.Event()
        shutil.rmtree(self._work, ignore_errors=True)
        self._seen = fingerprint(policies)
        self._source, self._process, problem = self._first()
        self._status = PolicyStatus("embedded", self._process.endpoint.url, self._source.revision, time.time())
        if problem:
            self._reject(problem)
        self._follower = threading.Thread(target=self._follow, name="policy-follower", daemon=True)
        self._follower.start()

    def endpoint(self) -> Endpoint:
        """Where the active bundle is served."""
        with self._lock:
            return self._process.endpoint

    def status(self) -> PolicyStatus:
        """The policy in force."""
        with self._lock:
            return self._status

    def close(self) -> None:
        """Stop following and end all processes. Idempotent."""
        self._closing.set()
        self._follower.join()
        for _, process in self._draining:
            process.stop()
        self._draining.clear()
        self._process.stop()

    def _first(self) -> tuple[Source, OpaProcess, str]:
        source, process, problem = self._try(self._policies)
        if source and process:
            return source, process, ""
        if self._last_good.is_dir():
            kept, old, _ = self._try(self._last_good)
            if kept and old:
                return kept, old, problem
        raise InfrastructureError(f"opa: the policies in {self._policies} cannot be used: {problem}")

    def _try(self, folder: Path) -> tuple[Source | None, OpaProcess | None, str]:
        """A fit process for what lies in `folder`, or why there is none."""
        try:
            source = Source.read(folder)
            if problems := check(source, self._opa, style=False):
                return None, None, "; ".join(f"{problem.step}: {problem.message}" for problem in problems)
            process = self._start(source)
        except (BadPoliciesError, OpaFailedError, InfrastructureError, OSError) as error:
            return None, None, str(error)
        if unfit := process.unfit():
            process.stop()
            return None, None, "canary: " + "; ".join(unfit)
        self._keep(source)
        return source, process, ""

    def _start(self, source: Source) -> OpaProcess:
        self._serial += 1
        return OpaProcess.start(self._opa, source, self._work / str(self._serial), self._log)

    def _keep(self, source: Source) -> None:
        """Replace the last fit bundle; a crash in between leaves either the old or the new one, or none."""
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

    def _look(self) -> None:
        now = fingerprint(self._policies)
        if now == self._seen:
            return
        if self._closing.wait(min(self._poll, 0.3)) or fingerprint(self._policies) != now:
            return  # an editor is still at work; look again
        self._seen = now
        with contextlib.suppress(BadPoliciesError):
            source = Source.read(self._policies)
            if source.files == self._source.files:
                self._clear()
                return
        fresh, process, problem = self._try(self._policies)
        if fresh is None or process is None:
            self._reject(problem)
            return
        self._switch(fresh, process)
        self._tell(self._on_reload, fresh.revision)

    def _switch(self, source: Source, process: OpaProcess) -> None:
        with self._lock:
            old, self._process, self._source = self._process, process, source
            reloads = self._status.reloads + 1
            self._status = replace(
                self._status, url=process.endpoint.url, revision=source.revision, since=time.time(), reloads=reloads,
                problem="", problem_since=0.0,
            )  # fmt: skip
        self._draining.append((time.monotonic() + DEADLINE + 0.5, old))
        log.info("policy revision %s is active", source.revision)

    def _reject(self, problem: str) -> None:
        with self._lock:
            self._status = replace(
                self._status, problem=problem, problem_since=time.time(), rejected=self._status.rejected + 1
            )
        log.error("policies rejected, revision %s stays active: %s", self._status.revision, problem)
        self._tell(self._on_rejected, problem)

    def _clear(self) -> None:
        with self._lock:
            self._status = replace(self._status, problem="", problem_since=0.0)

    def _drain(self) -> None:
        now = time.monotonic()
        for entry in [entry for entry in self._draining if entry[0] <= now]:
            self._draining.remove(entry)
            entry[1].stop()

    def _revive(self) -> None:
        """A server that ended by itself is replaced by one with the same bundle."""
        if self._process.alive():
            return
        log.error("opa ended with status %s; starting it again", self._process.child.returncode)
        process = self._start(self._source)
        with self._lock:
            dead, self._process = self._process, process
            self._status = replace(self._status, url=process.endpoint.url)
        dead.stop()

    def _tell(self, callback: Callable[[str], None], message: str) -> None:
        try:
            callback(message)
        except Exception:
            log.exception("policy callback")


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


def embedded_opa(
    policies: Path,
    state: Path,
    *,
    configured: str = "",
    on_reload: Callable[[str], None] = lambda _: None,
    on_rejected: Callable[[str], None] = lambda _: None,
) -> EmbeddedOpa:
    """Find the program and start on the folder. Raises InfrastructureError with what to install or correct."""
    try:
        opa = find_opa(configured=configured, state=state)
    except OpaMissingError as error:
        raise InfrastructureError(str(error)) from error
    return EmbeddedOpa(policies, state, opa=opa, on_reload=on_reload, on_rejected=on_rejected)
