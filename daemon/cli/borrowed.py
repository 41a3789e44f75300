"""A daemon for the length of one command: the running one if there is one, else a child that ends with us."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Iterator
from signal import SIGTERM
from typing import TYPE_CHECKING, Any

from daemon.cli import reach

if TYPE_CHECKING:
    from daemon.engines.processes import Child
    from daemon.settings import Settings

START_SECONDS = 90.0
STOP_SECONDS = 40.0


def running(here: Settings) -> dict[str, Any]:
    """Endpoints of the daemon that works on this state folder; empty when none answers (a crash leaves the file)."""
    found = reach.endpoints(here)
    host, _, port = str(found.get("temporal", "")).rpartition(":")
    if not port.isdigit() or not _alive(found.get("pid")):
        return {}
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return {}
    return found


def _alive(pid: object) -> bool:
    try:
        os.kill(int(str(pid)), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def daemon(here: Settings) -> Iterator[bool]:
    """Yields whether the daemon was started here, on free ports. Raises InfrastructureError with its log's end."""
    if running(here):
        yield False
        return
    from daemon.engines.processes import Child
    from workflows.ports import InfrastructureError

    child = Child.start(
        "daemon",
        [sys.executable, "-m", "daemon.cli", "up", "--any-ports"],
        log=here.home / "logs" / "daemon.log",
        env={**os.environ, "RATCHET_STATE": str(here.home)},
        death_signal=SIGTERM,
    )
    try:
        _await(child, here)
        yield True
    finally:
        if child.stop(grace=STOP_SECONDS) not in (0, -SIGTERM):
            raise InfrastructureError(f"daemon: it did not end cleanly; {child.tail()}")


def _await(child: Child, here: Settings) -> None:
    from workflows.ports import InfrastructureError

    deadline = time.monotonic() + START_SECONDS
    while reach.endpoints(here).get("pid") != child.pid:
        if not child.alive():
            raise InfrastructureError(f"daemon: it ended while starting; {child.tail()}")
        if time.monotonic() > deadline:
            raise InfrastructureError(f"daemon: not ready after {START_SECONDS:.0f} s; {child.tail()}")
        time.sleep(0.1)
