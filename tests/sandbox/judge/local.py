"""The backend's surface over plain local processes: the judge's and the guest's programs without containers.

It isolates nothing and holds no limit; what containers add is tested with real ones in `test_judge_containers.py`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sandbox.backend import Running
from sandbox.exits import Exit, KillReason
from sandbox.spec import ContainerSpec


class LocalRunning:
    """A process group in place of a container."""

    def __init__(self, spec: ContainerSpec, argv: list[str], cwd: Path) -> None:
        self.id = self.name = spec.name
        self.started_at = time.time()
        self.spec = spec
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        self._process = subprocess.Popen(argv, cwd=cwd, stdout=self._log, stderr=self._log, start_new_session=True)
        self._asked: KillReason | None = None
        self.cpu_seconds = 0.0
        """What the end will tell; nothing measures it here."""

    def wait(self, seconds: float) -> Exit | None:
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._group()
        self._log.seek(0)
        reason = self._asked or ("signal" if code < 0 else "exit")
        return Exit(
            code=128 - code if code < 0 else code, reason=reason, stderr=self._log.read(), cpu_seconds=self.cpu_seconds
        )

    def kill(self, reason: KillReason = "killed") -> Exit:
        if self._process.poll() is None:
            self._asked = reason
        self._group()
        ended = self.wait(10)
        assert ended is not None
        return ended

    def alive(self) -> bool:
        return self._process.poll() is None

    def used(self) -> float | None:
        return self.cpu_seconds

    def remove(self) -> None:
        self._group()
        self._process.wait(10)

    def _group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def __del__(self) -> None:
        self._log.close()


class LocalBackend:
    """Reads the mounts of a spec and starts its program with the host's paths."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.launched: list[LocalRunning] = []

    def image_id(self, name: str) -> str:
        return "sha256:" + "0" * 64

    def assign(self, running: Running, spec: ContainerSpec) -> None:
        assert isinstance(running, LocalRunning)
        running.id = running.name = spec.name
        running.spec = spec

    def launch(self, spec: ContainerSpec) -> LocalRunning:
        at = {mount.target: mount.source for mount in spec.mounts}
        if spec.role == "judge":
            argv = ["/judge", "--io", at["/io"], "--target", at["/target"]]
        else:
            work = Path(tempfile.mkdtemp(prefix="w", dir=self.work))  # two sessions launch at once
            io = str(Path(at["/io/in"]).parent)
            argv = ["/guest", "--io", io, "--candidate", at["/candidate"], "--work", str(work)]
            argv += ["--evaluator", at["/evaluator"]] if "/evaluator" in at else []
        program = f"{at[argv[0]]}/__main__.py"
        running = LocalRunning(spec, [sys.executable, "-I", "-B", program, *argv[1:]], self.work)
        self.launched.append(running)
        return running

    def run(self, spec: ContainerSpec, **_: object) -> Exit:
        raise NotImplementedError

    def reap(self, keep: object) -> list[str]:
        return []
