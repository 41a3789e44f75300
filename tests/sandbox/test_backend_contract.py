"""What every backend promises: the real one and the fake pass the same tests."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.capture import KEEP_BYTES
from sandbox.docker_backend import DockerBackend
from sandbox.fake import FakeBackend, Script
from sandbox.images.version import tag
from sandbox.keeper import ContainerKeeper, ForbiddenOption
from sandbox.spec import MIB, ContainerSpec, Limits, Mount
from sandbox.supervised import Supervised
from tests.sandbox.room import spec
from workflows.ports import InfrastructureError

PROGRAMS: dict[str, tuple[tuple[str, ...], Script]] = {
    "quiet": (("true",), Script()),
    "speaks": (("sh", "-c", "printf out; printf err >&2; exit 3"), Script(b"out", b"err", code=3)),
    "crashes": (("sh", "-c", "kill -SEGV $$"), Script(code=139)),
    "sleeps": (("sleep", "600"), Script(seconds=None)),
    "eats": (
        ("python3", "-c", "b = bytearray(200 << 20)"),
        Script(code=137, oom=True, seconds=0.1),
    ),
    "babbles": (("yes",), Script(b"y\n" * 50_000, repeat=10_000, seconds=None)),
    "fills": (
        ("python3", "-c", "import sys; sys.stdout.write('a' * (3 << 20) + 'z')"),
        Script(b"a" * (3 * MIB) + b"z"),
    ),
    "crowds": (
        ("python3", "-c", "import os\nwhile True:\n try: os.fork()\n except OSError: pass"),
        Script(seconds=None, pids=128),
    ),
}


@pytest.fixture(params=["fake", pytest.param("docker", marks=pytest.mark.docker)])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ContainerKeeper]:
    instance = f"contract-{uuid.uuid4().hex[:12]}"
    made: ContainerKeeper
    if request.param == "fake":
        made = FakeBackend(
            lambda of: next(script for argv, script in PROGRAMS.values() if argv == of.command),
            instance=instance,
            allowed_roots=[tmp_path],
            images=[tag()],
        )
    else:
        made = DockerBackend(instance=instance, allowed_roots=[tmp_path])
    try:
        yield made
    finally:
        made.settle()
        made.reap(keep=())
        made.close()


def program(backend: ContainerKeeper, name: str, **limits: object) -> ContainerSpec:
    command, _ = PROGRAMS[name]
    chosen = Limits.model_validate({"wall_seconds": 30, "memory_bytes": 64 * MIB, **limits})
    return spec(name=name, image=backend.image_id(tag()), command=command, limits=chosen)


@pytest.fixture
def start(backend: ContainerKeeper) -> Iterator[Callable[..., Supervised]]:
    """Launch a program, and end it with the test."""
    started: list[Supervised] = []

    def launch(name: str, **limits: object) -> Supervised:
        started.append(backend.launch(program(backend, name, **limits)))
        return started[-1]

    yield launch
    for running in started:
        running.remove()


def test_a_quiet_end(backend: ContainerKeeper) -> None:
    end = backend.run(program(backend, "quiet"))
    assert (end.code, end.reason, end.stdout, end.stderr) == (0, "exit", b"", b"")
    assert 0 <= end.cpu_seconds <= end.wall_seconds


def test_code_and_both_streams(backend: ContainerKeeper) -> None:
    end = backend.run(program(backend, "speaks"))
    assert (end.code, end.reason, end.stdout, end.stderr) == (3, "exit", b"out", b"err")


def test_a_crash_is_a_signal(backend: ContainerKeeper) -> None:
    end = backend.run(program(backend, "crashes"))
    assert (end.code, end.reason) == (139, "signal")


def test_the_deadline_kills(backend: ContainerKeeper) -> None:
    end = backend.run(program(backend, "sleeps", wall_seconds=0.5))
    assert end.reason == "timeout"
    assert 0.5 <= end.wall_seconds < 5.5


def test_memory_is_told_from_a_timeout_and_from_a_crash(backend: ContainerKeeper) -> None:
    assert backend.run(program(backend, "eats")).reason == "memory"


def test_too_many_tasks_are_told_from_a_timeout(backend: ContainerKeeper) -> None:
    end = backend.run(program(backend, "crowds", wall_seconds=1.5))
    assert end.reason == "pids"
    assert end.wall_seconds < 6.5


def test_too_much_output_kills_and_keeps_head_and_tail(backend: ContainerKeeper) -> None:
    end = backend.run(program(backend, "babbles", output_bytes=8 * MIB))
    assert end.reason == "output"
    assert end.stdout.startswith(b"y\ny\n")
    assert end.stdout.endswith(b"\n")
    assert b"bytes left out" in end.stdout
    assert len(end.stdout) <= 2 * KEEP_BYTES + 64


def test_long_output_below_the_cap_keeps_its_last_byte(backend: ContainerKeeper) -> None:
    end = backend.run(program(backend, "fills"))
    assert (end.reason, end.code) == ("exit", 0)
    assert end.stdout.endswith(b"az")
    assert len(end.stdout) == 2 * KEEP_BYTES + len(b"\n[%d bytes left out]\n" % (MIB + 1))


def test_a_kill_ends_it_with_the_reason_given(start: Callable[..., Supervised]) -> None:
    running = start("sleeps")
    assert running.alive()
    assert running.wait(0.05) is None
    end = running.kill("killed")
    assert end.reason == "killed"
    assert not running.alive()
    assert running.kill("timeout") == running.wait(0) == end


def test_the_use_of_cpu_is_known_while_it_runs_and_not_after(start: Callable[..., Supervised]) -> None:
    running = start("crowds")
    first = running.used()
    while first is not None and not (running.used() or 0.0) > first:
        pass
    assert first is not None
    running.kill()
    assert running.used() is None


def test_removal_may_be_repeated_and_frees_the_name(backend: ContainerKeeper, start: Callable[..., Supervised]) -> None:
    running = start("sleeps")
    running.remove()
    running.remove()
    assert start("sleeps").id != running.id
    running.remove()  # the old one's removal does not touch the new one
    backend.settle()
    assert backend.reap(keep=()) == []


def test_a_container_that_is_removed_in_use_is_our_fault(
    backend: ContainerKeeper, start: Callable[..., Supervised]
) -> None:
    running = start("sleeps")
    backend._engine.remove(running.id)
    try:
        end = running.wait(10)
    except InfrastructureError as error:
        assert "removed while it was in use" in str(error)
    else:
        assert end is not None  # its kill may be seen before its removal
        assert end.reason == "signal"


def test_a_name_is_held_once_in_a_process(backend: ContainerKeeper, start: Callable[..., Supervised]) -> None:
    running = start("sleeps")
    with pytest.raises(InfrastructureError, match="in use by this process"):
        start("sleeps")
    assert running.alive()


def test_of_many_launches_at_once_one_wins(backend: ContainerKeeper) -> None:
    gate = threading.Barrier(6)

    def attempt(_: int) -> Supervised | InfrastructureError:
        gate.wait()
        try:
            return backend.launch(program(backend, "sleeps"))
        except InfrastructureError as error:
            return error

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(attempt, range(6)))
    winners = [result for result in results if isinstance(result, Supervised)]
    assert len(winners) == 1
    assert all("in use" in str(result) for result in results if isinstance(result, InfrastructureError))
    winners[0].remove()


def test_the_reaper_spares_what_is_held_or_kept(backend: ContainerKeeper, start: Callable[..., Supervised]) -> None:
    running = start("sleeps")
    assert backend.reap(keep=()) == []
    assert running.alive()


def test_on_started_sees_it_running_and_its_error_ends_it(backend: ContainerKeeper) -> None:
    seen: list[Supervised] = []

    def refuse(running: Supervised) -> None:
        seen.append(running)
        assert running.alive()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        backend.run(program(backend, "sleeps"), on_started=refuse)
    backend.settle()
    end = seen[0].wait(10)
    assert end is not None
    assert end.reason == "killed"
    assert backend._engine.find([f"ratchet.instance={backend._instance}"]) == []


def test_a_kill_from_another_thread_ends_a_run(backend: ContainerKeeper) -> None:
    end = backend.run(
        program(backend, "sleeps"),
        on_started=lambda running: threading.Timer(0.2, running.kill, ["killed"]).start(),
    )
    assert end.reason == "killed"


def test_a_refused_spec_creates_nothing(backend: ContainerKeeper) -> None:
    bad = program(backend, "quiet").model_copy(update={"mounts": (Mount(source="/etc/passwd", target="/in"),)})
    with pytest.raises(ForbiddenOption, match="mount-outside"):
        backend.launch(bad)
    assert backend._engine.find([f"ratchet.instance={backend._instance}"]) == []


def test_a_missing_image_names_the_remedy(backend: ContainerKeeper) -> None:
    with pytest.raises(InfrastructureError, match="image nothing:here missing: run `make image`"):
        backend.image_id("nothing:here")
    with pytest.raises(InfrastructureError, match="missing: run `make image`"):
        backend.launch(program(backend, "quiet").model_copy(update={"image": "sha256:" + "f" * 64}))


def test_the_engine_tells_its_facts(backend: ContainerKeeper) -> None:
    facts = backend.ping()
    assert facts.cpus > 0
    assert "runc" in facts.runtimes
