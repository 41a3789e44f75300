"""At most one container for a name, whoever crashed, and a reaper that knows the dead from the living."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import docker_options, ownership
from sandbox.docker_backend import DockerBackend
from sandbox.spec import ContainerSpec, Limits
from tests.sandbox.room import spec
from workflows.ports import InfrastructureError

pytestmark = pytest.mark.docker

DEAD = "00000000-0000-0000-0000-000000000000:1:1"


def sleeper(image: str, name: str = "sleeper", **limits: float) -> ContainerSpec:
    return spec(name=name, image=image, command=("sleep", "600"), limits=Limits.model_validate(limits))


def leave(backend: DockerBackend, of: ContainerSpec, *, owner: str, instance: str = "", deadline: float = 0.0) -> str:
    """A started container as another process would have left it."""
    labels = docker_options.labels(
        of, instance=instance or backend._instance, owner=owner, deadline=deadline or time.time() + 600
    )
    body = docker_options.create_body(of, labels)
    identity = backend._engine.create(docker_options.engine_name(backend._instance, of.name), body)
    backend._engine.start(identity)
    return identity


def present(backend: DockerBackend) -> list[str]:
    return [found.id for found in backend._engine.find([f"ratchet.instance={backend._instance}"])]


def test_a_crash_leftover_is_replaced(docker_backend: DockerBackend, sandbox_image: str) -> None:
    old = leave(docker_backend, sleeper(sandbox_image), owner=DEAD)
    running = docker_backend.launch(sleeper(sandbox_image))
    assert present(docker_backend) == [running.id] != [old]
    running.remove()


def test_our_own_forgotten_container_is_replaced(docker_backend: DockerBackend, sandbox_image: str) -> None:
    leave(docker_backend, sleeper(sandbox_image), owner=ownership.own_mark())
    running = docker_backend.launch(sleeper(sandbox_image))
    assert present(docker_backend) == [running.id]
    running.remove()


def test_a_live_process_keeps_its_container(docker_backend: DockerBackend, sandbox_image: str) -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        fields = Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()
        mark = ":".join([ownership.own_mark().split(":")[0], str(other.pid), fields[19]])
        old = leave(docker_backend, sleeper(sandbox_image), owner=mark)
        with pytest.raises(InfrastructureError, match="in use by another live process"):
            docker_backend.launch(sleeper(sandbox_image))
        assert docker_backend.reap(keep=()) == []
        assert present(docker_backend) == [old]
    finally:
        other.kill()
        other.wait()
    assert docker_backend.reap(keep=()) == ["sleeper"]
    assert present(docker_backend) == []


def test_a_foreign_container_is_left_alone(docker_backend: DockerBackend, sandbox_image: str) -> None:
    old = leave(docker_backend, sleeper(sandbox_image), owner=DEAD, instance="somebody-else")
    try:
        with pytest.raises(InfrastructureError, match="foreign container"):
            docker_backend.launch(sleeper(sandbox_image))
        assert docker_backend.reap(keep=()) == []
        assert docker_backend._engine.inspect(old)["State"]["Running"]
    finally:
        docker_backend._engine.remove(old)


def test_the_reaper_takes_the_dead_and_the_overdue(docker_backend: DockerBackend, sandbox_image: str) -> None:
    leave(docker_backend, sleeper(sandbox_image, "orphan"), owner=DEAD)
    leave(docker_backend, sleeper(sandbox_image, "kept"), owner=DEAD)
    leave(docker_backend, sleeper(sandbox_image, "overdue"), owner=ownership.own_mark(), deadline=time.time() - 100)
    held = docker_backend.launch(sleeper(sandbox_image, "held"))
    assert docker_backend.reap(keep={"kept", "overdue"}) == ["orphan", "overdue"]
    assert held.alive()
    assert len(present(docker_backend)) == 2
    held.remove()


def test_a_killed_daemon_leaves_nothing_that_a_restart_does_not_find(
    docker_backend: DockerBackend, sandbox_image: str, tmp_path: Path
) -> None:
    daemon = """
import sys, time
from sandbox.docker_backend import DockerBackend
from sandbox.spec import ContainerSpec
backend = DockerBackend(instance=sys.argv[1], allowed_roots=[])
names = ("a", "b")
for name in names:
    backend.launch(ContainerSpec(role="run", name=name, image=sys.argv[2], command=("sleep", "600")))
print("up", flush=True)
time.sleep(600)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", daemon, docker_backend._instance, sandbox_image],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert docker_backend.reap(keep=()) == []  # their owner lives
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    assert docker_backend.reap(keep=()) == ["a", "b"]
    assert present(docker_backend) == []


def test_a_container_ends_itself_when_no_daemon_is_left(
    docker_backend: DockerBackend, sandbox_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_options, "GRACE_SECONDS", 0)
    identity = leave(docker_backend, sleeper(sandbox_image, wall_seconds=1.0), owner=DEAD)
    assert docker_backend._engine.wait(identity, 20) == 137


def test_a_failed_start_leaves_nothing(docker_backend: DockerBackend, sandbox_image: str) -> None:
    bad = sleeper(sandbox_image).model_copy(update={"cpuset": "4000"})
    with pytest.raises(InfrastructureError, match="fewer CPUs"):
        docker_backend.launch(bad)
    assert present(docker_backend) == []
    docker_backend.launch(sleeper(sandbox_image)).remove()  # the name is free again
    docker_backend.settle()
    assert present(docker_backend) == []


def test_a_mark_is_of_one_process_only() -> None:
    mark = ownership.own_mark()
    assert ownership.alive(mark)
    boot, pid, start = mark.split(":")
    assert not ownership.alive(f"{boot}:{pid}:{int(start) + 1}")
    assert not ownership.alive(f"other-boot:{pid}:{start}")
    for broken in ("", ":", "::", f"{boot}:", f"{boot}:x:1", f"{boot}:{pid}:"):
        assert not ownership.alive(broken)
