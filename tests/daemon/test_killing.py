"""A kill carried out: by file, by command, by signal; over real containers, and with the event loop out of the way."""

from __future__ import annotations

import subprocess
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from daemon.gate import Gate
from daemon.governed import GovernedBackend
from daemon.halt import Halt
from daemon.killing import Watch, remove_containers
from daemon.killswitch import HANDLE, KillSwitch
from daemon.records.audit import AuditLog
from daemon.records.chain import records
from daemon.records.keys import ensure_signing_key
from sandbox.docker_backend import DEFAULT_ENDPOINT, DockerBackend
from sandbox.images.version import tag
from sandbox.spec import ContainerSpec
from workflows.ports import InfrastructureError


class Stopped:
    """What a watch stops, counted."""

    def __init__(self, home: Path, *, docker: bool = True) -> None:
        (home / "run").mkdir(parents=True)
        ensure_signing_key(home / "keys" / "audit.pem")
        self.home, self.docker, self.removals = home, docker, 0
        self.shut, self.twice = threading.Event(), threading.Event()
        self.switch = KillSwitch(home)
        self.watch = Watch(self.switch, self._remove)

    def _remove(self) -> int:
        self.removals += 1
        if self.removals > 1:
            self.twice.set()
        if not self.docker:
            raise InfrastructureError("docker: away")
        return 1

    def run(self, pull: str) -> list[dict[str, object]]:
        """Watch, pull in this way, and return the audit log's kills."""
        with AuditLog(self.home / "audit", self.home / "keys" / "audit.pem") as audit:
            self.watch.start()
            self.watch.attach(lambda _: self.shut.set(), audit)
            if pull == "file":
                (self.home / HANDLE).touch()
            elif pull == "signal":
                self.watch.pull("SIGUSR1")
            else:
                self.switch.pull(by="ana", how="command")
            assert self.shut.wait(20)
            assert self.twice.wait(20)
            self.watch.stop()
        assert self.watch.acted
        return [record for record in records(self.home / "audit") if record["kind"] == "kill"]


@pytest.mark.parametrize("pull", ["file", "signal", "command"])
def test_however_it_is_pulled_everything_is_stopped_and_recorded_once(tmp_path: Path, pull: str) -> None:
    kills = Stopped(tmp_path).run(pull)
    assert [kill["body"]["how"] for kill in kills] == [pull]  # type: ignore[index]
    killed = KillSwitch(tmp_path).killed()
    assert killed is not None
    assert killed.recorded


def test_an_engine_that_is_away_keeps_neither_gateway_nor_record(tmp_path: Path) -> None:
    assert len(Stopped(tmp_path, docker=False).run("file")) == 1


def test_a_dead_engine_is_told(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="docker"):
        remove_containers(f"unix://{tmp_path}/none.sock", "x")


class _Step(ActivityInboundInterceptor):
    def __init__(self, switch: KillSwitch, *, pull: bool) -> None:
        self._switch, self._pull, self.ran = switch, pull, False

    async def execute_activity(self, input: ExecuteActivityInput) -> str:
        self.ran = True
        if self._pull:
            self._switch.pull(by="ana", how="command")
        return "failed:wrong"


async def test_what_a_killed_step_found_counts_for_nothing_and_none_begins(tmp_path: Path) -> None:
    switch = KillSwitch(tmp_path)
    question = ExecuteActivityInput(fn=print, args=(), executor=None, headers={})

    def halted() -> str:
        return "kill switch: pulled" if switch.pulled() else ""

    calm, hit, late = _Step(switch, pull=False), _Step(switch, pull=True), _Step(switch, pull=False)
    assert await Halt(halted).intercept_activity(calm).execute_activity(question) == "failed:wrong"
    for step in (hit, late):
        with pytest.raises(InfrastructureError, match="kill switch"):
            await Halt(halted).intercept_activity(step).execute_activity(question)
    assert hit.ran
    assert not late.ran


def _spec(name: str, image: str) -> ContainerSpec:
    labels = {"ratchet.test": "killing"}
    return ContainerSpec(role="run", name=name, image=image, command=("sleep", "300"), labels=labels)


@pytest.fixture
def instance() -> Iterator[str]:
    name = f"kill-{uuid.uuid4().hex[:8]}"
    yield name
    left = ["docker", "ps", "-aq", "--filter", f"label=ratchet.instance={name}"]
    for container in subprocess.run(left, capture_output=True, text=True, check=True).stdout.split():
        subprocess.run(["docker", "rm", "-f", container], capture_output=True, check=False)


@pytest.mark.docker
def test_all_containers_of_the_instance_go_and_no_others(tmp_path: Path, instance: str) -> None:
    ours = DockerBackend(instance=instance, allowed_roots=[tmp_path])
    theirs = DockerBackend(instance=f"{instance}-other", allowed_roots=[tmp_path])
    image = ours.image_id(tag())
    runs = [ours.launch(_spec(f"k{at}", image)) for at in range(3)]
    other = theirs.launch(_spec("k0", image))
    try:
        assert remove_containers(DEFAULT_ENDPOINT, instance) == 3
        assert remove_containers(DEFAULT_ENDPOINT, instance) == 0
        assert other.alive()
        for run in runs:
            with pytest.raises(InfrastructureError, match="removed while"):
                run.wait(20)
    finally:
        for run in (*runs, other):
            run.remove()
        ours.close()
        theirs.close()


@pytest.mark.docker
def test_nothing_is_launched_while_it_is_pulled(tmp_path: Path, instance: str) -> None:
    class Late(Gate):
        """Says nothing against it, while somebody pulls the switch."""

        def decide(self, *_: object, **__: object) -> object:  # type: ignore[override]
            switch.pull(by="ana", how="command")
            return type("Yes", (), {"cause": "", "permitted": True, "soft": False, "require": {}})()

    switch = KillSwitch(tmp_path / "state")
    backend = GovernedBackend(DEFAULT_ENDPOINT, instance=instance, allowed_roots=[tmp_path])
    backend.gate, backend.switch = Late(lambda: None), switch  # type: ignore[arg-type,return-value]
    backend.standing = SimpleNamespace(facts=lambda *_: {"overrides": [], "waiting": 0})  # type: ignore[assignment]
    try:
        image = backend.image_id(tag())
        for name in ("late", "later"):
            with pytest.raises(InfrastructureError, match="kill switch"):
                backend.launch(_spec(name, image))
        backend.settle()
        assert remove_containers(DEFAULT_ENDPOINT, instance) == 0
    finally:
        backend.gate.close()
        backend.close()
