"""Greedy candidates in real containers: each meets its limit, is named by it, and costs the host little."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.cgroups import ROOT
from sandbox.docker_backend import DockerBackend
from sandbox.exits import Exit
from sandbox.spec import MIB, Limits
from sandbox.supervised import Supervised
from tests.sandbox.room import spec

pytestmark = pytest.mark.docker

Run = Callable[..., Exit]


@pytest.fixture
def run(docker_backend: DockerBackend, sandbox_image: str) -> Run:
    def go(*command: str, on_started: Callable[[Supervised], None] | None = None, **limits: object) -> Exit:
        chosen = Limits.model_validate({"wall_seconds": 10, "memory_bytes": 128 * MIB, **limits})
        return docker_backend.run(spec(image=sandbox_image, command=command, limits=chosen), on_started=on_started)

    return go


def live_tasks(container: str) -> int | None:
    """Tasks that really are in the container. The kernel's own counter also holds, for an instant, a fork that it is
    about to refuse (kernel/cgroup/pids.c charges first), so it may read one above the limit."""
    for name in (f"pids/docker/{container}/tasks", f"docker/{container}/cgroup.threads"):
        try:
            return len((ROOT / name).read_text().split())
        except OSError:
            continue
    return None


def resident_peak_reset() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def resident_peak() -> int:
    """Most resident bytes since the reset (proc(5), VmHWM)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


class Heartbeat:
    """How far apart the beats of a busy daemon's other thread were."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        before = time.monotonic()
        while not self._stop.wait(0.02):
            now = time.monotonic()
            self.longest, before = max(self.longest, now - before), now


FORK_BOMBS = {
    "shell": ("sh", "-c", "bomb() { bomb | bomb & }; bomb & exec sleep 600"),
    "python": ("python3", "-c", "import os\nwhile True:\n try: os.fork()\n except OSError: pass"),
    "threads": (
        "python3",
        "-c",
        "import threading, time\n"
        "while True:\n"
        " try: threading.Thread(target=time.sleep, args=(600,)).start()\n"
        " except RuntimeError: pass",
    ),
}


@pytest.mark.parametrize("kind", FORK_BOMBS)
def test_a_fork_bomb_stays_at_its_limit_and_is_named(run: Run, kind: str) -> None:
    peaks: list[int] = []

    def count(running: Supervised) -> None:
        def look() -> None:
            while running.alive():
                if (count := live_tasks(running.id)) is not None:
                    peaks.append(count)
                time.sleep(0.02)

        threading.Thread(target=look, daemon=True).start()

    with Heartbeat() as heart:
        end = run(*FORK_BOMBS[kind], wall_seconds=1.5, pids=40, on_started=count)
    assert end.reason == "pids"
    assert end.wall_seconds < 1.5 + 5
    assert max(peaks) <= 40
    assert heart.longest < 1.0


MEMORY_BOMBS = {
    "heap": "b = bytearray(1 << 30)",
    "mmap": "import mmap; m = mmap.mmap(-1, 1 << 30)\nfor at in range(0, 1 << 30, 4096): m[at] = 1",
    "tmpfs": "f = open('/work/f', 'wb')\nwhile True: f.write(bytes(1 << 20))",
    "memfd": "import os; d = os.memfd_create('m')\nwhile True: os.write(d, bytes(1 << 20))",
    "child": "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', 'bytearray(1 << 30)']) and 1)",
}


@pytest.mark.parametrize("kind", MEMORY_BOMBS)
def test_a_memory_bomb_is_named(run: Run, kind: str) -> None:
    sizes = {"/tmp": MIB, "/work": 1024 * MIB}
    end = run("python3", "-c", MEMORY_BOMBS[kind], memory_bytes=48 * MIB, tmpfs=sizes, fsize_bytes=1 << 31)
    assert end.reason == "memory", end


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_ten_gigabytes_of_output_cost_little(run: Run, stream: str, tmp_path: Path) -> None:
    run("true")  # so that what every run needs is loaded
    resident_peak_reset()
    before = resident_peak()
    script = f"import sys\nwhile True: sys.{stream}.buffer.write(b'0123456789abcde\\n' * 65536)"
    with Heartbeat() as heart:
        end = run("python3", "-c", script, wall_seconds=30)
    assert end.reason == "output"
    kept = getattr(end, stream)
    assert len(kept) <= 2 * MIB + 64
    assert b"bytes left out" in kept
    assert resident_peak() - before < 32 * MIB
    assert heart.longest < 1.0


LEFTOVERS = {
    "setsid": "setsid sleep 600 & setsid sh -c 'sleep 600 & sleep 600' & wait",
    "double fork": "( ( sleep 600 & ) & ); sleep 600",
    "deaf": "trap '' TERM INT HUP QUIT; while :; do sleep 1; done",
    "stopped": "sleep 600 & kill -STOP $!; kill -STOP $$",
}


@pytest.mark.parametrize("kind", LEFTOVERS)
def test_nothing_outlives_the_deadline(run: Run, kind: str) -> None:
    ids: list[str] = []
    end = run("sh", "-c", LEFTOVERS[kind], wall_seconds=0.7, on_started=lambda running: ids.append(running.id))
    assert end.reason == "timeout"
    assert end.wall_seconds < 0.7 + 5
    tasks = [path for path in ROOT.glob(f"**/*{ids[0]}*/cgroup.procs") if path.read_text().strip()]
    assert tasks == []


def test_nothing_outlives_the_main_program(run: Run) -> None:
    end = run("sh", "-c", "setsid sleep 600 & exit 0")
    assert (end.code, end.reason) == (0, "exit")


def test_closing_the_output_hides_nothing(run: Run) -> None:
    script = "import os, time; os.close(1); os.close(2); time.sleep({})"
    end = run("python3", "-c", script.format(0.6) + "; os._exit(7)")
    assert (end.code, end.reason) == (7, "exit")
    end = run("python3", "-c", script.format(600), wall_seconds=0.7)
    assert end.reason == "timeout"


DISK_BOMBS = {
    "scratch": ("f = open('/tmp/f', 'wb')\nwhile True: f.write(bytes(1 << 20))", "No space left"),
    "one file": ("f = open('/work/f', 'wb', 0)\nwhile True: f.write(bytes(1 << 20))", "File too large"),
    "many files": ("i = 0\nwhile True: i += 1; open(f'/work/{i}', 'w').close()", "No space left"),
    "sparse": ("import os; os.truncate(os.open('/work/f', os.O_CREAT | os.O_RDWR), 50 << 30)", "File too large"),
    "descriptors": ("import os\nwhile True: os.open('/dev/null', 0)", "Too many open files"),
}


@pytest.mark.parametrize("kind", DISK_BOMBS)
def test_files_are_limited(run: Run, kind: str) -> None:
    script, message = DISK_BOMBS[kind]
    end = run("python3", "-c", script, memory_bytes=512 * MIB, fsize_bytes=32 * MIB)
    assert end.code == 1, end
    assert message in end.stderr.decode()


def test_runs_leave_no_files_and_threads(docker_backend: DockerBackend, run: Run) -> None:
    def held() -> tuple[int, int]:
        docker_backend.settle()
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    run("true")
    before = held()
    for _ in range(4):
        run("true")
    run("sleep", "600", wall_seconds=0.2)
    files, threads = held()
    assert files <= before[0]
    assert threads <= before[1] + 3  # the removal pool fills up to four


def test_cpu_time_is_told_and_limited(run: Run) -> None:
    end = run("sh", "-c", "while :; do :; done", wall_seconds=1.2, cpus=0.5)
    assert end.reason == "timeout"
    assert 0.2 < end.cpu_seconds <= 0.5 * end.wall_seconds
    idle = run("sleep", "1.2")
    assert idle.cpu_seconds < 0.6
