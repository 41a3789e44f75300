"""One self-check for every backend: the engine's own runtime, gVisor, and the fake that unit tests use."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import keeper
from sandbox.docker_backend import DockerBackend
from sandbox.fake import FakeBackend, FakeEngine
from sandbox.images.version import tag
from sandbox.keeper import ContainerKeeper
from sandbox.selfcheck import contract
from sandbox.selfcheck.points import Bench, Runtime
from sandbox.selfcheck.suite import INSIDE, POINTS, check
from sandbox.spec import ContainerSpec
from sandbox.supervised import Supervised
from tests.sandbox.played import BROKEN, Play, good, program_of

BY_NAME = {point.name: point for point in POINTS}


def fake(folder: Path, play: Play = good) -> FakeBackend:
    return FakeBackend(play, instance=f"check-{uuid.uuid4().hex[:8]}", allowed_roots=[folder], images=[tag()])


def bench(folder: Path, backend: ContainerKeeper) -> Bench:
    (folder / "given").write_bytes(contract.GIVEN)
    return Bench(backend, backend.image_id(tag()), folder, INSIDE.parent, contract.PROGRAMS)


def test_it_has_enough_points_and_each_its_own_name() -> None:
    assert len(BY_NAME) == len(POINTS) >= 45


def test_the_fake_passes(tmp_path: Path) -> None:
    backend = fake(tmp_path)
    assert [result for result in check(backend, backend.image_id(tag()), tmp_path) if result.problem] == []
    backend.close()


@pytest.mark.docker
@pytest.mark.parametrize("runtime", ["runc", "runsc"])
def test_the_engine_passes(docker_backend: DockerBackend, tmp_path: Path, runtime: Runtime) -> None:
    results = list(check(docker_backend, docker_backend.image_id(tag()), tmp_path, runtime=runtime))
    assert [result for result in results if result.problem] == []
    assert len(results) == len(POINTS)


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_promise_is_seen(tmp_path: Path, name: str) -> None:
    program, shown = BROKEN[name]

    def play(spec: ContainerSpec) -> Any:
        return shown(spec) if program_of(spec) == program else good(spec)

    backend = fake(tmp_path, play)
    (tmp_path / "inside").mkdir()
    made = Bench(backend, backend.image_id(tag()), tmp_path, tmp_path / "inside", contract.PROGRAMS)
    (tmp_path / "given").write_bytes(contract.GIVEN)
    assert BY_NAME[name].look(made)
    backend.close()


def _everything_allowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keeper, "refuse", lambda spec, roots: [])
    patch.setattr(keeper, "missed", lambda spec, inspected: [])
    patch.setattr(FakeEngine, "create", _creates_anything(FakeEngine.create))


def _creates_anything(create: Callable[..., str]) -> Callable[..., str]:
    def made(self: FakeEngine, name: str, body: Any) -> str:
        return create(self, name, {**body, "Image": next(iter(self.images.values()))})

    return made


def _two_of_a_name(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ContainerKeeper, "_claim", lambda self, name: None)
    patch.setattr(
        FakeEngine, "create", lambda self, name, body, create=FakeEngine.create: create(self, uuid.uuid4().hex, body)
    )


def _wrong_reason(patch: pytest.MonkeyPatch) -> None:
    kill = Supervised.kill
    patch.setattr(Supervised, "kill", lambda self, reason="killed": kill(self, "timeout"))


ACTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "tag": _everything_allowed,
    "root": _everything_allowed,
    "loader": _everything_allowed,
    "one-per-name": _two_of_a_name,
    "kill": _wrong_reason,
    "reaper": lambda patch: patch.setattr(ContainerKeeper, "_in_use", lambda self, name, found: False),
    "missing-image": lambda patch: patch.setattr(FakeBackend, "image_id", lambda self, name: "sha256:" + "0" * 64),
    "output-bounded": lambda patch: patch.setattr(contract, "KEEP_BYTES", 1024),
}


@pytest.mark.parametrize("name", sorted(ACTS))
def test_a_backend_that_breaks_a_promise_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    backend = fake(tmp_path)
    (tmp_path / "inside").mkdir()
    image = backend.image_id(tag())
    ACTS[name](monkeypatch)
    (tmp_path / "given").write_bytes(contract.GIVEN)
    made = Bench(backend, image, tmp_path, tmp_path / "inside", contract.PROGRAMS)
    assert BY_NAME[name].look(made)
    backend.close()


def test_every_point_was_seen_to_fail() -> None:
    assert set(BROKEN) | set(ACTS) == set(BY_NAME)
