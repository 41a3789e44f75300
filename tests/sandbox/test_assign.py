"""A container that was started ahead is given to one use: under its name, for its lifetime, as it was launched."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.docker_backend import DockerBackend
from sandbox.fake import FakeBackend, Script
from sandbox.keeper import ContainerKeeper
from sandbox.spec import ContainerSpec, Limits
from tests.sandbox.room import spec
from workflows.ports import InfrastructureError, RefusedError


@pytest.fixture(params=["fake", pytest.param("docker", marks=pytest.mark.docker)])
def backend(request: pytest.FixtureRequest) -> Iterator[ContainerKeeper]:
    if request.param == "docker":
        docker: DockerBackend = request.getfixturevalue("docker_backend")
        yield docker
        return
    fake = FakeBackend(lambda _: Script(seconds=None), instance="assign", allowed_roots=[])
    yield fake
    fake.settle()
    fake.close()


@pytest.fixture
def waiting(backend: ContainerKeeper, request: pytest.FixtureRequest) -> ContainerSpec:
    image = next(iter(backend.engine.images.values())) if isinstance(backend, FakeBackend) else None
    image = image or request.getfixturevalue("sandbox_image")
    return spec(name="ready-1", image=image, command=("sleep", "600"), limits=Limits(wall_seconds=500))


def use(of: ContainerSpec, name: str = "attempt", seconds: float = 60.0, **changes: object) -> ContainerSpec:
    limits = of.limits.model_copy(update={"wall_seconds": seconds})
    return of.model_copy(update={"name": name, "limits": limits, "labels": {"ratchet.candidate": "c-1"}, **changes})


def test_it_has_the_attempt_s_name_and_nobody_else_can(backend: ContainerKeeper, waiting: ContainerSpec) -> None:
    first, second = backend.launch(waiting), backend.launch(waiting.model_copy(update={"name": "ready-2"}))
    backend.assign(first, use(waiting))
    assert first.name == "attempt" and first.alive()
    assert backend._engine.inspect(f"{backend._instance}.attempt")["Id"] == first.id
    with pytest.raises(InfrastructureError, match="in use by this process"):
        backend.assign(second, use(waiting))
    with pytest.raises(InfrastructureError, match="in use by this process"):
        backend.launch(use(waiting))
    backend.settle()
    assert first.alive() and not second.alive()
    first.remove()
    backend.settle()
    again = backend.launch(use(waiting))
    assert backend.reap(keep=()) == []
    again.remove()


def test_a_leftover_of_the_attempt_goes_first(backend: ContainerKeeper, waiting: ContainerSpec) -> None:
    lost = backend._create(use(waiting))
    running = backend.launch(waiting)
    backend.assign(running, use(waiting))
    assert [found.id for found in backend._engine.find([f"ratchet.instance={backend._instance}"])] == [running.id]
    assert lost != running.id
    running.remove()


def test_its_lifetime_begins_with_its_use(backend: ContainerKeeper, waiting: ContainerSpec) -> None:
    running = backend.launch(waiting)
    time.sleep(0.5)
    backend.assign(running, use(waiting, seconds=0.6))
    end = running.wait(30)
    assert end is not None and end.reason == "timeout" and end.wall_seconds >= 0.6
    running.remove()


def test_only_what_it_was_launched_for(backend: ContainerKeeper, waiting: ContainerSpec) -> None:
    others: tuple[dict[str, Any], ...] = (
        {"command": ("true",)},
        {"user": "1000:1000"},
        {"cpuset": "0"},
        {"env": {"A": "b"}},
        {"role": "propose"},
    )
    for number, changes in enumerate(others):
        running = backend.launch(waiting.model_copy(update={"name": f"ready-{number}"}))
        with pytest.raises(RefusedError, match="not launched for"):
            backend.assign(running, use(waiting, **changes))
        backend.settle()
        assert not running.alive()
    running = backend.launch(waiting)
    with pytest.raises(RefusedError, match="not launched for"):
        backend.assign(running, use(waiting, seconds=501))
    backend.settle()


def test_one_that_is_gone_is_our_fault(backend: ContainerKeeper, waiting: ContainerSpec) -> None:
    running = backend.launch(waiting)
    backend._engine.remove(running.id)
    with pytest.raises(InfrastructureError, match="removed"):
        backend.assign(running, use(waiting))
    backend.settle()
    fresh = backend.launch(use(waiting))
    fresh.remove()
