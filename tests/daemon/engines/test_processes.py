"""Children are started, watched, stopped, and die with the process that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.engines import processes
from daemon.engines.processes import Child, free_port
from workflows.ports import InfrastructureError

Start = Callable[..., Child]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    children: list[Child] = []

    def make(*argv: str, **more: object) -> Child:
        child = Child.start("sample", argv, log=tmp_path / "logs" / "sample.log", **more)  # type: ignore[arg-type]
        children.append(child)
        return child

    yield make
    for child in children:
        child.stop(grace=0.1)


def gone(pid: int, seconds: float = 20.0) -> bool:
    """Whether the process ends (or is a zombie of somebody else) in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_output_goes_to_the_log_and_the_status_is_known(start: Start) -> None:
    child = start("sh", "-c", "echo out; echo err >&2; exit 7")
    with pytest.raises(InfrastructureError, match="exited with status 7"):
        child.wait_healthy(lambda: False, seconds=20)
    assert child.returncode == 7
    assert "out" in child.tail() and "err" in child.tail()


def test_health_is_waited_for(start: Start) -> None:
    child = start("sleep", "60")
    answers = iter([False, False, True])
    child.wait_healthy(lambda: next(answers), seconds=20)
    assert child.alive()


def test_an_unhealthy_child_is_stopped_and_its_log_is_shown(start: Start) -> None:
    child = start("sh", "-c", "echo 'port is taken'; exec sleep 60")
    with pytest.raises(InfrastructureError, match="not healthy after"):
        child.wait_healthy(lambda: False, seconds=0.5)
    assert not child.alive()


def test_stop_is_idempotent_and_kills_what_ignores_the_request(start: Start) -> None:
    child = start("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done")
    child.wait_healthy(lambda: "ready" in child.tail(), seconds=20)
    assert child.stop(grace=0.2) == -signal.SIGKILL
    assert child.stop(grace=0.2) == -signal.SIGKILL


def test_a_missing_program_is_an_error_that_names_it(start: Start) -> None:
    child = start("/no/such/program")
    with pytest.raises(InfrastructureError, match="/no/such/program"):
        child.wait_healthy(lambda: False, seconds=20)


def test_an_unusable_log_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InfrastructureError, match="cannot start"):
        Child.start("sample", ["true"], log=tmp_path / "file" / "sample.log")


def test_no_secret_is_inherited(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "canary-4711")
    child = start("env")
    with pytest.raises(InfrastructureError):
        child.wait_healthy(lambda: False, seconds=20)
    assert "PATH=" in child.tail(99) and "canary-4711" not in child.tail(99)


def test_a_child_outlives_the_thread_that_asked_for_it(start: Start) -> None:
    started: list[Child] = []
    thread = threading.Thread(target=lambda: started.append(start("sleep", "60")))
    thread.start()
    thread.join()
    time.sleep(0.3)
    assert started[0].alive()


def test_a_child_dies_with_its_process(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from daemon.engines.processes import Child\n"
        f"print(Child.start('c', ['sleep', '60'], log=Path({str(tmp_path / 'c.log')!r})).pid, flush=True)\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()
        parent.wait()
    assert gone(pid)


def test_a_long_log_is_set_aside_at_the_next_start(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES", 10)
    first = start("echo", "more than ten bytes")
    with pytest.raises(InfrastructureError):
        first.wait_healthy(lambda: False, seconds=20)
    second = start("echo", "new")
    with pytest.raises(InfrastructureError):
        second.wait_healthy(lambda: False, seconds=20)
    assert "new" in second.tail() and "more than" not in second.tail()
    assert "more than" in second.log.with_name("sample.log.1").read_text()


def test_a_free_port_can_be_bound() -> None:
    assert 1024 <= free_port() <= 65535
