"""The backend's rules over any engine: refuse, create, assert, start, watch, remove, reap. At most one per name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Container, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from sandbox import docker_options, host_paths, ownership
from sandbox.backend import Running
from sandbox.engine import Engine, EngineFacts, Found, Gone, NameTaken
from sandbox.exits import Exit
from sandbox.profile import ProfileError, missed
from sandbox.refusals import Finding, refuse
from sandbox.spec import ContainerSpec
from sandbox.supervised import KILL_SECONDS, Supervised
from workflows.ports import InfrastructureError, RefusedError

_REMOVE_PAUSES = (0.1, 0.3, 1.0, 3.0, 10.0)

_held_lock = threading.Lock()
_held: dict[tuple[str, str], Future[None] | None] = {}
"""Names in use by this process (all backends of it), by instance; the future is the removal under way."""


class ForbiddenOption(RefusedError):
    """A spec asks for what no container may have."""

    def __init__(self, name: str, findings: Sequence[Finding]) -> None:
        lines = [f"{found.rule}: {found.title}: {found.message}; {found.remedy}" for found in findings]
        super().__init__(findings[0].rule, f"sandbox: container {name} is refused: " + " | ".join(lines))
        self.findings = tuple(findings)


class ContainerKeeper:
    """See `backend.Backend` for the surface. Thread-safe."""

    def __init__(self, engine: Engine, *, instance: str, allowed_roots: Sequence[Path]) -> None:
        self._engine = engine
        self._instance = instance
        self._roots = tuple(allowed_roots)
        self._removers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="container removal")

    def ping(self) -> EngineFacts:
        """Version and abilities of the engine. Raises InfrastructureError with the remedy when it does not answer."""
        return self._engine.facts()

    def image_id(self, name: str) -> str:
        """See `backend.Backend.image_id`."""
        return self._engine.image_id(name)

    def launch(self, spec: ContainerSpec) -> Supervised:
        """See `backend.Backend.launch`."""
        resolved = self._resolved(spec)
        self._claim(spec.name)
        identity = ""
        try:
            identity = self._create(resolved)
            self._assert_profile(resolved, identity)
            stream = self._engine.attach(identity)
            try:
                self._engine.start(identity)
            except BaseException:
                stream.close()
                raise
            return Supervised(self._engine, identity, resolved, stream, self._remove)
        except Gone:
            self._abandon(spec.name, identity)
            raise InfrastructureError(f"docker: container {spec.name} was removed while it was started") from None
        except BaseException:
            self._abandon(spec.name, identity)
            raise

    def assign(self, running: Running, spec: ContainerSpec) -> None:
        """See `backend.Backend.assign`."""
        if not isinstance(running, Supervised):
            raise TypeError("sandbox: only a container of this backend can be given to a use")
        try:
            resolved = self._resolved(spec)
            _check_same(running.spec, resolved)
            self._claim(spec.name)
            running.names.add(spec.name)  # freed with the container, whatever happens here
            self._assert_profile(running.spec, running.id)
            self._rename(running.id, spec)
        except Gone:
            running.remove()
            raise InfrastructureError(f"docker: container {running.name} was removed before its use") from None
        except BaseException:
            running.remove()
            raise
        running.given_to(resolved)

    def run(self, spec: ContainerSpec, *, on_started: Callable[[Supervised], None] | None = None) -> Exit:
        """See `backend.Backend.run`."""
        running = self.launch(spec)
        try:
            if on_started is not None:
                on_started(running)
            end = running.wait(spec.limits.wall_seconds + 2 * KILL_SECONDS)
            return running.kill("timeout") if end is None else end
        finally:
            running.remove()

    def reap(self, keep: Container[str]) -> list[str]:
        """See `backend.Backend.reap`. Containers long past their deadline go even when they are kept or held."""
        gone = []
        for found in self._engine.find([f"{docker_options.LABEL}instance={self._instance}"]):
            name = found.labels.get(f"{docker_options.LABEL}name", "")
            if self._overdue(found) or not (name in keep or self._in_use(name, found)):
                self._engine.remove(found.id)
                gone.append(name)
        return sorted(gone)

    def settle(self) -> None:
        """Return when every removal under way is done. Raises InfrastructureError when one failed for good."""
        for removal in self._removals():
            removal.result()

    def close(self) -> None:
        """Finish removals and close connections. Containers that were not removed go on to their deadlines."""
        self._removers.shutdown(wait=True)
        self._engine.close()

    def _resolved(self, spec: ContainerSpec) -> ContainerSpec:
        """The spec with real mount sources. Raises ForbiddenOption."""
        resolved, findings = host_paths.resolve(spec)
        if findings := findings + refuse(resolved, host_paths.resolve_roots(self._roots)):
            raise ForbiddenOption(spec.name, findings)
        return resolved

    def _claim(self, name: str) -> None:
        """Take the name for this process, behind a removal that is under way."""
        key = (self._instance, name)
        end = time.monotonic() + 60
        while True:
            with _held_lock:
                if key not in _held:
                    _held[key] = None
                    return
                removal = _held[key]
            if removal is None or time.monotonic() > end:
                raise InfrastructureError(
                    f"sandbox: container {name} is in use by this process; kill or await it first"
                )
            with suppress(Exception):
                removal.result(timeout=1)

    def _create(self, spec: ContainerSpec) -> str:
        deadline = time.time() + spec.limits.wall_seconds
        labelled = docker_options.labels(spec, instance=self._instance, owner=ownership.own_mark(), deadline=deadline)
        body = docker_options.create_body(spec, labelled)
        engine_name = docker_options.engine_name(self._instance, spec.name)
        for _ in range(3):
            try:
                return self._engine.create(engine_name, body)
            except NameTaken:
                self._remove_leftover(engine_name, spec.name)
        raise InfrastructureError(f"sandbox: another process keeps taking the container name {spec.name}")

    def _rename(self, identity: str, spec: ContainerSpec) -> None:
        engine_name = docker_options.engine_name(self._instance, spec.name)
        for _ in range(3):
            try:
                return self._engine.rename(identity, engine_name)
            except NameTaken:
                self._remove_leftover(engine_name, spec.name)
        raise InfrastructureError(f"sandbox: another process keeps taking the container name {spec.name}")

    def _remove_leftover(self, engine_name: str, name: str) -> None:
        try:
            inspected = self._engine.inspect(engine_name)
        except Gone:
            return
        labels = inspected["Config"]["Labels"] or {}
        if labels.get(f"{docker_options.LABEL}instance") != self._instance:
            raise InfrastructureError(f"sandbox: a foreign container is named {engine_name}; remove it")
        mark = labels.get(f"{docker_options.LABEL}owner", "")
        if mark != ownership.own_mark() and ownership.alive(mark):
            raise InfrastructureError(f"sandbox: container {name} is in use by another live process ({mark})")
        self._engine.remove(inspected["Id"])

    def _assert_profile(self, spec: ContainerSpec, identity: str) -> None:
        if problems := missed(spec, self._engine.inspect(identity)):
            raise ProfileError(spec.name, problems)

    def _abandon(self, name: str, identity: str) -> None:
        """Remove what a failed launch left, before its error is told; the reaper has the last word."""
        if identity:
            try:
                self._engine.remove(identity)
            except InfrastructureError:
                self._soon([name], lambda: self._remove_certainly([name], identity))
                return
        with _held_lock:
            _held.pop((self._instance, name), None)

    def _remove(self, running: Supervised) -> None:
        """Called once for each that was launched: end it, remove it, free its name."""
        names = sorted(running.names)

        def job() -> None:
            if running.alive():
                with suppress(InfrastructureError):
                    running.kill("killed")
            self._remove_certainly(names, running.id)

        self._soon(names, job)

    def _soon(self, names: Sequence[str], job: Callable[[], None]) -> None:
        """Run a removal in the background, or here and now after `close`."""
        with _held_lock:
            try:
                removal = self._removers.submit(job)
                _held.update({(self._instance, name): removal for name in names})
                return
            except RuntimeError:
                pass
        job()

    def _remove_certainly(self, names: Sequence[str], identity: str) -> None:
        """Try until it is gone; after the last try its names are free again and the reaper's turn comes."""
        try:
            for pause in (*_REMOVE_PAUSES, None):
                try:
                    self._engine.remove(identity)
                    return
                except InfrastructureError:
                    if pause is None:
                        raise
                    time.sleep(pause)
        finally:
            with _held_lock:
                for name in names:
                    _held.pop((self._instance, name), None)

    def _removals(self) -> list[Future[None]]:
        with _held_lock:
            return [job for (instance, _), job in _held.items() if job is not None and instance == self._instance]

    def _in_use(self, name: str, found: Found) -> bool:
        mark = found.labels.get(f"{docker_options.LABEL}owner", "")
        if mark != ownership.own_mark():
            return ownership.alive(mark)
        with _held_lock:
            return (self._instance, name) in _held

    @staticmethod
    def _overdue(found: Found) -> bool:
        deadline = found.labels.get(f"{docker_options.LABEL}deadline", "")
        return deadline.isdigit() and time.time() > int(deadline) + 2 * docker_options.GRACE_SECONDS


def _check_same(launched: ContainerSpec, asked: ContainerSpec) -> None:
    """Only the name, the labels and a shorter lifetime may differ. Raises RefusedError."""
    longest = launched.limits.wall_seconds
    limits = asked.limits.model_copy(update={"wall_seconds": longest})
    same = asked.model_copy(update={"name": launched.name, "labels": launched.labels, "limits": limits})
    if same != launched or asked.limits.wall_seconds > longest:
        raise RefusedError(
            "sandbox-assign", f"sandbox: container {launched.name} was not launched for what {asked.name} asks"
        )
