"""Child processes that serve the daemon: start, wait until healthy, stop, and never outlive us.

A child runs in its own session (Ctrl-C in the terminal reaches the daemon only, which then stops its children in
order), logs to a file, and asks the kernel to be killed when the daemon dies (`PR_SET_PDEATHSIG`). That request is
bound to the *thread* that started the child, so one thread that lives as long as the process starts all children.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workflows.ports import InfrastructureError

LOG_BYTES = 8 * 1024 * 1024
"""A log longer than this is moved to `<name>.log.1` (replacing the one before) when its child is started again."""

_COLLECT_PERCENT = "400"
"""How much a Go engine's heap may grow before it is collected (its default is 100): of Temporal's work, a tenth."""

# Runs in the child before the program: no Python code of ours runs between fork and exec, which is not safe in a
# process with threads. The check of the parent closes the gap in which the daemon dies before the request is made.
_LAUNCHER = """
import ctypes, os, sys
parent, number = int(sys.argv[1]), int(sys.argv[2])
if ctypes.CDLL(None, use_errno=True).prctl(1, number, 0, 0, 0) != 0 or os.getppid() != parent:
    sys.exit(126)
os.execvpe(sys.argv[3], sys.argv[3:], os.environ)
"""

_lock = threading.Lock()
_starter: ThreadPoolExecutor | None = None


def _start_in_lasting_thread(start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    global _starter
    with _lock:  # protects _starter
        if _starter is None:
            _starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="child-starter")
        return _starter.submit(start).result()


def free_port() -> int:
    """A loopback TCP port that was free a moment ago. Somebody else may take it: start again with another then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Child:
    """One running child process. Thread-safe; create with `Child.start`."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._stopping = threading.Lock()

    @classmethod
    def start(
        cls,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> Child:
        """Start `argv` with both output streams appended to `log`.

        `env` replaces the environment (None: PATH, HOME and the locale only, so that no secret is inherited).
        `death_signal` is what the kernel sends when the daemon dies. Raises InfrastructureError when the program or
        the log cannot be used.
        """
        if env is None:
            env = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
            env["GOGC"] = _COLLECT_PERCENT
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), str(int(death_signal)), *argv]
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            if log.exists() and log.stat().st_size > LOG_BYTES:
                log.replace(log.with_name(log.name + ".1"))
            with log.open("ab") as out:
                process = _start_in_lasting_thread(
                    lambda: subprocess.Popen(
                        launcher,
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=subprocess.STDOUT,
                        env=dict(env),
                        cwd=cwd,
                        start_new_session=True,
                    )
                )
        except OSError as error:
            raise InfrastructureError(f"{name}: cannot start {argv[0]}: {error}") from error
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        """Process id; the same before and after the program replaced the launcher."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit status; None while running, negative for a signal."""
        return self._process.poll()

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def wait_healthy(self, healthy: Callable[[], bool], *, seconds: float, interval: float = 0.05) -> None:
        """Ask `healthy` until it says True.

        Raises InfrastructureError, with the end of the log, when the child exits first or `seconds` pass; the child is
        stopped then.
        """
        deadline = time.monotonic() + seconds
        while True:
            if not self.alive():
                raise InfrastructureError(f"{self.name}: exited with status {self.returncode}; {self.tail()}")
            if healthy():
                return
            if time.monotonic() >= deadline:
                self.stop(grace=1.0)
                raise InfrastructureError(f"{self.name}: not healthy after {seconds:g} s; {self.tail()}")
            time.sleep(interval)

    def stop(self, *, grace: float = 10.0) -> int:
        """SIGTERM, then SIGKILL to the whole session after `grace` seconds. Returns the exit status; idempotent."""
        with self._stopping:  # one stopper at a time, so that nobody signals a reaped pid
            if self.alive():
                self._process.terminate()
                try:
                    self._process.wait(grace)
                except subprocess.TimeoutExpired:
                    self._kill_session()
            return self._process.wait()

    def _kill_session(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            self._process.kill()

    def tail(self, lines: int = 12) -> str:
        """The last lines of the log, for an error message."""
        try:
            with self.log.open("rb") as stream:
                stream.seek(max(0, self.log.stat().st_size - 8192))
                text = stream.read().decode("utf-8", "replace")
        except OSError as error:
            return f"its log {self.log} cannot be read: {error}"
        kept = "\n".join(text.splitlines()[-lines:])
        return f"log {self.log} ends:\n{kept}" if kept else f"its log {self.log} is empty"
