"""The gate is asked twice about a container that is started ahead: before it starts, and before it is used."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.decisions import Decision
from daemon.governed import CAMPAIGN, CANDIDATE, GovernedBackend
from daemon.killing import remove_containers
from daemon.killswitch import KillSwitch
from sandbox.docker_backend import DEFAULT_ENDPOINT, DockerBackend, Running
from sandbox.images.version import tag
from sandbox.pool import Bounds
from sandbox.spec import ContainerSpec
from workflows.ports import InfrastructureError, RefusedError

pytestmark = pytest.mark.docker


class Asked:
    """Says yes to all but one candidate, and remembers the questions."""

    def __init__(self) -> None:
        self.questions: list[tuple[str, str]] = []

    def decide(self, question: str, facts: Any, *, campaign: str = "", candidate: str = "") -> Decision:
        assert question == "sandbox" and facts["candidate"] == candidate
        self.questions.append((candidate, facts["spec"]["name"]))
        require = {"pool": {"idle": 2, "seconds": 30}}
        return Decision(question, candidate != "no", (), (), require, "d", "r", "", 0.0, "r")


class Nobody:
    """Standing of candidates about whom nobody said anything."""

    def facts(self, *_: object) -> dict[str, object]:
        return {"overrides": [], "waiting": 0}


@pytest.fixture
def gate() -> Asked:
    return Asked()


@pytest.fixture
def backend(tmp_path: Path, gate: Any) -> Iterator[GovernedBackend]:
    made = GovernedBackend(DEFAULT_ENDPOINT, instance=f"test-{uuid.uuid4().hex[:12]}", allowed_roots=[])
    standing: Any = Nobody()
    made.gate, made.switch, made.standing = gate, KillSwitch(tmp_path), standing
    yield made
    made.settle()
    assert made.reap(keep=()) == [], "nothing is left"
    made.close()


@pytest.fixture
def waiting(backend: GovernedBackend) -> Running:
    image = backend.image_id(tag())
    spec = ContainerSpec(role="run", name="ready", image=image, command=("sleep", "60"), labels={CAMPAIGN: "k"})
    return backend.launch(spec)


def use(of: Running, candidate: str) -> ContainerSpec:
    return of.spec.model_copy(update={"name": f"use-{candidate}", "labels": {CAMPAIGN: "k", CANDIDATE: candidate}})


def test_it_is_asked_for_the_real_use_and_says_how_much_may_wait(
    backend: GovernedBackend, waiting: Running, gate: Asked
) -> None:
    assert backend.bounds() == Bounds(2, 30.0)
    backend.assign(waiting, use(waiting, "c1"))
    assert gate.questions == [("", "ready"), ("c1", "use-c1")]
    waiting.remove()


def test_before_policy_spoke_nothing_may_wait(tmp_path: Path) -> None:
    backend = GovernedBackend(DEFAULT_ENDPOINT, instance="none", allowed_roots=[])
    assert backend.bounds() == Bounds(0, 0.0)
    backend.close()


def test_a_no_removes_it(backend: GovernedBackend, waiting: Running) -> None:
    with pytest.raises(RefusedError):
        backend.assign(waiting, use(waiting, "no"))
    backend.settle()
    assert not waiting.alive()


def test_the_kill_switch_and_the_shut_doors_stand_before_the_use(backend: GovernedBackend, waiting: Running) -> None:
    backend.switch.pull(by="ana", how="command")
    with pytest.raises(InfrastructureError, match="kill switch"):
        backend.assign(waiting, use(waiting, "c1"))
    backend.settle()
    assert not waiting.alive()


def test_a_switch_pulled_while_it_is_given_away_is_seen(
    backend: GovernedBackend, waiting: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = DockerBackend.assign

    def assign(self: DockerBackend, running: Running, spec: ContainerSpec) -> None:
        given(self, running, spec)
        backend.switch.pull(by="ana", how="command")

    monkeypatch.setattr(DockerBackend, "assign", assign)
    with pytest.raises(InfrastructureError, match="kill switch"):
        backend.assign(waiting, use(waiting, "c1"))
    backend.settle()
    assert not waiting.alive()


def test_a_kill_takes_what_waits(backend: GovernedBackend, waiting: Running) -> None:
    assert remove_containers(DEFAULT_ENDPOINT, backend._instance) == 1
    with pytest.raises(InfrastructureError):
        waiting.wait(60)
    with pytest.raises(InfrastructureError, match="before its use"):
        backend.assign(waiting, use(waiting, "c1"))


def test_two_daemons_cannot_give_two_containers_to_one_attempt(
    backend: GovernedBackend, waiting: Running, gate: Any
) -> None:
    other = GovernedBackend(DEFAULT_ENDPOINT, instance=backend._instance, allowed_roots=[])
    other.gate, other.switch, other.standing = gate, backend.switch, backend.standing
    second = other.launch(waiting.spec.model_copy(update={"name": "ready-2"}))
    ready = threading.Barrier(2)
    told: list[str] = []

    def assign(of: GovernedBackend, running: Running) -> None:
        ready.wait()
        try:
            of.assign(running, use(waiting, "c1"))
            told.append("given")
        except InfrastructureError as error:
            told.append(str(error))

    threads = [threading.Thread(target=assign, args=pair) for pair in ((backend, waiting), (other, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count("given") == 1 and "in use" in " ".join(told)
    for running in (waiting, second):
        running.remove()
    other.settle()
    other.close()
