"""The gate is asked twice about a container that is started ahead: before it starts, and before it is used."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.gate import Decision, Gate
from daemon.governed import CAMPAIGN, CANDIDATE, GovernedBackend
from daemon.killswitch import KillSwitch
from sandbox.docker_backend import DEFAULT_ENDPOINT
from sandbox.images.version import tag
from sandbox.pool import Bounds
from sandbox.spec import ContainerSpec
from workflows.ports import InfrastructureError, RefusedError

pytestmark = pytest.mark.docker


class Asked(Gate):
    """Says yes to all but one candidate, and remembers the questions."""

    def __init__(self) -> None:
        self.questions: list[tuple[str, str]] = []

    def decide(self, question: str, facts: Any, *, campaign: str = "", candidate: str = "") -> Decision:
        self.questions.append((candidate, facts["spec"]["name"]))
        require = {"pool": {"idle": 2, "seconds": 30}}
        return Decision(question, candidate != "no", (), (), require, "d", "r", "", 0.0, "r")


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[GovernedBackend]:
    made = GovernedBackend(DEFAULT_ENDPOINT, instance=f"test-{uuid.uuid4().hex[:12]}", allowed_roots=[])
    made.gate, made.switch = Asked(), KillSwitch(tmp_path)
    yield made
    made.settle()
    assert made.reap(keep=()) == []
    made.close()


def waiting(backend: GovernedBackend) -> ContainerSpec:
    image = backend.image_id(tag())
    return ContainerSpec(role="run", name="ready", image=image, command=("sleep", "60"), labels={CAMPAIGN: "k"})


def use(of: ContainerSpec, candidate: str) -> ContainerSpec:
    return of.model_copy(update={"name": f"use-{candidate}", "labels": {**of.labels, CANDIDATE: candidate}})


def test_it_is_asked_for_the_real_use_and_says_how_much_may_wait(backend: GovernedBackend) -> None:
    assert backend.bounds() == Bounds(0, 0.0)
    spec = waiting(backend)
    running = backend.launch(spec)
    assert backend.bounds() == Bounds(2, 30.0)
    backend.assign(running, use(spec, "c1"))
    assert isinstance(backend.gate, Asked)
    assert backend.gate.questions == [("", "ready"), ("c1", "use-c1")]
    running.remove()


def test_a_no_removes_it(backend: GovernedBackend) -> None:
    spec = waiting(backend)
    running = backend.launch(spec)
    with pytest.raises(RefusedError):
        backend.assign(running, use(spec, "no"))
    backend.settle()
    assert not running.alive()


def test_the_kill_switch_stands_before_the_use(backend: GovernedBackend) -> None:
    spec = waiting(backend)
    running = backend.launch(spec)
    backend.switch.pull(by="ana", how="cli")
    with pytest.raises(InfrastructureError, match="kill switch"):
        backend.assign(running, use(spec, "c1"))
    backend.settle()
    assert not running.alive()
