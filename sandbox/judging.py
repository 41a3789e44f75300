"""The host's side of judging: a judge container per campaign, a runner container per arm, and what they answer."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from sandbox.backend import Backend, Running
from sandbox.judge_client import CONTROL, JudgeClient
from sandbox.judge_session import Session
from sandbox.judge_settings import CandidateFault, JudgeSettings, Pair
from sandbox.launching import Launch, launch_under
from sandbox.pool import Bounds
from sandbox.prepared import ARMS, Preparer
from sandbox.spec import ContainerSpec, Mount
from workflows.ports import InfrastructureError

__all__ = ["CandidateFault", "Judge", "JudgeSettings", "Pair", "Session"]

START_SECONDS = 20.0
JUDGE_USER = 65533


class Judge:
    """The judge of one campaign. Thread-safe; sessions run side by side, each in a process of its own.

    The judge's user is 65533 when the daemon is root, else the daemon's own (it must own the io folder, and nobody but
    root can give a folder away); the runners' user is another in both cases.
    """

    def __init__(
        self,
        backend: Backend,
        image: str,
        settings: JudgeSettings | Mapping[str, Any],
        io_root: Path,
        campaign: str,
        guest: Path,
        judge: Path,
        cpuset: str = "",
        labels: Mapping[str, str] | None = None,
        rooms: Path | None = None,
        bounds: Callable[[], Bounds] = Bounds,
    ) -> None:
        """`rooms` is where `take` keeps trees (default: beside the io folder); `bounds` say how much may wait there."""
        self.settings = settings if isinstance(settings, JudgeSettings) else JudgeSettings.model_validate(settings)
        self.campaign = campaign
        self.io = io_root.resolve() / _plain(campaign)
        self.backend = backend
        self._image = image
        self._guest = guest.resolve()
        self._judge = judge.resolve()
        self._cpuset = cpuset
        self._labels = dict(labels or {})
        self._lock = threading.Lock()
        self._running: Running | None = None
        rooms = (rooms or io_root.parent / "rooms").resolve() / _plain(campaign)
        self._preparer = Preparer(self, backend, rooms, bounds)
        self._parent_faults: dict[str, int] = {}

    def start(self) -> None:
        """Start the judge unless it runs. Raises InfrastructureError."""
        with self._lock:
            if self._running is not None and self._running.alive():
                return
            if self._running is not None:
                self._running.remove()
            self._prepare_folder()
            self._running = self.backend.launch(self._spec())
            self._await()

    def alive(self) -> bool:
        """Whether the judge runs."""
        running = self._running
        return running is not None and running.alive()

    def close(self) -> None:
        """Stop the judge and remove what waits and its folders. May be repeated."""
        self._preparer.close()
        with self._lock:
            running, self._running = self._running, None
            if running is not None:
                running.remove()
            shutil.rmtree(self.io, ignore_errors=True)

    def programs(self) -> dict[str, Path]:
        """The folders that decide a verdict, as they are mounted."""
        return {"judge": self._judge, "guest": self._guest, "evaluator": Path(self.settings.folder)}

    def session(
        self,
        key: str,
        seed: bytes,
        arms: Mapping[str, Path],
        cpuset: str = "",
        settings: JudgeSettings | None = None,
        launch: Launch | None = None,
    ) -> Session:
        """Open a session; `key` is unique per attempt, `arms` are the folders of `child` and `parent`.

        `settings` are this session's own, where one judge serves many tasks. With `launch`, both arms are launchers on
        one leased GPU.

        Both runners run on the CPUs of `cpuset` (as in `1` or `0-1`; empty: any). Everything random in the session
        follows from `seed`. Raises InfrastructureError.
        """
        client, io = self.open(seed, settings or self.settings, arms)
        host = self if settings is None and launch is None else _Use(self, settings or self.settings, {}, launch)
        return Session(host, client, key, io, dict(arms), cpuset, seed=seed)

    def take(self, key: str, cpuset: str = "", labels: Mapping[str, str] | None = None, seed: bytes = b"") -> Session:
        """A session on folders of its own, still empty: write the trees into `Session.folder(arm)`, then build.

        It was made ahead if one waits and no seed is asked for. `key`, `cpuset` as in `session`; `labels` name whom it
        serves. Raises InfrastructureError.
        """
        prepared = self._preparer.take(cpuset, seed)
        arms = {arm: prepared.folder / arm for arm in ARMS}
        host = _Use(self, self.settings, labels or {})
        return Session(host, prepared.client, key, prepared.io, arms, cpuset, prepared)

    def ready(self, cpuset: str = "") -> int:
        """How many sessions wait for their use."""
        return self._preparer.ready(cpuset)

    def open(self, seed: bytes, settings: JudgeSettings, arms: Iterable[str] = ARMS) -> tuple[JudgeClient, Path]:
        """The judge's end of a session, and its folder. Raises InfrastructureError."""
        self.start()
        try:
            client = JudgeClient(self.io)
        except OSError as error:
            raise InfrastructureError(f"judge: cannot connect: {error.strerror or error}") from error
        name = os.urandom(8).hex()
        try:
            client.ask("open", 60.0, name=name, seed=seed.hex(), rules=settings.rules(), arms=sorted(arms))
        except InfrastructureError:
            client.close()
            raise
        return client, self.io / name

    def launch_runner(self, key: str, arm: str, candidate: Path, io: Path, cpuset: str) -> Running:
        """Start the container of one arm."""
        return self.backend.launch(self.runner(key, arm, candidate, io, cpuset))

    def assign_runner(self, running: Running, key: str, arm: str, candidate: Path, io: Path, cpuset: str) -> None:
        """Give a container that waits to one arm. On an error it is removed."""
        self.backend.assign(running, self.runner(key, arm, candidate, io, cpuset))

    def runner(
        self,
        key: str,
        arm: str,
        candidate: Path,
        io: Path,
        cpuset: str,
        settings: JudgeSettings | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> ContainerSpec:
        """The container of one arm."""
        settings = settings or self.settings
        mounts: tuple[Mount, ...] = (
            Mount(source=str(candidate.resolve()), target="/candidate"),
            Mount(source=str(self._guest), target="/guest"),
            Mount(source=str(io / "in"), target="/io/in"),
            Mount(source=str(io / "out"), target="/io/out", read_only=False),
            Mount(source=str(io / "sock"), target="/io/sock"),
        )
        if settings.language == "evaluator":
            mounts += (Mount(source=str(Path(settings.folder).resolve() / "imported"), target="/evaluator"),)
        return ContainerSpec(
            role="run",
            name=_plain(f"{self.campaign}-{key}-{arm}"),
            image=self._image,
            command=("python3", "-I", "-B", "/guest/__main__.py"),
            mounts=mounts,
            limits=settings.run_limits,
            cpuset=cpuset,
            runtime=settings.runtime,
            labels={**self._labels, **(labels or {})},
        )

    def parent_failed(self, key: str) -> int:
        """Count a failure of the parent's runner under `key`; returns how many there were."""
        with self._lock:
            self._parent_faults[key] = self._parent_faults.get(key, 0) + 1
            return self._parent_faults[key]

    def _prepare_folder(self) -> None:
        try:
            shutil.rmtree(self.io, ignore_errors=True)
            self.io.mkdir(parents=True, mode=0o700)
            self.io.chmod(0o700)
            if os.geteuid() == 0:
                os.chown(self.io, JUDGE_USER, JUDGE_USER)
        except OSError as error:
            raise InfrastructureError(f"judge: cannot make {self.io}: {error.strerror}") from error

    def _spec(self) -> ContainerSpec:
        user = f"{JUDGE_USER}:{JUDGE_USER}" if os.geteuid() == 0 else f"{os.geteuid()}:{os.getegid()}"
        return ContainerSpec(
            role="judge",
            name=_plain(f"{self.campaign}-judge"),
            image=self._image,
            command=("python3", "-I", "-B", "/judge/__main__.py"),
            # Threads of a linear algebra library would run on the CPU that a runner is being timed on.
            env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            mounts=(
                Mount(source=str(self._judge), target="/judge"),
                Mount(source=str(Path(self.settings.folder).resolve()), target="/target"),
                Mount(source=str(self.io), target="/io", read_only=False),
            ),
            limits=self.settings.judge_limits,
            user=user,
            cpuset=self._cpuset,
            labels=self._labels,
        )

    def _await(self) -> None:
        running = self._running
        deadline = time.monotonic() + START_SECONDS
        while running is not None:
            if (self.io / CONTROL).exists():
                return
            ended = running.wait(0.05)
            if ended is not None:
                self._running = None
                running.remove()
                story = ended.stderr[-2000:].decode("utf-8", "replace")
                raise InfrastructureError(f"judge: ended at its start ({ended.reason}, code {ended.code}): {story}")
            if time.monotonic() > deadline:
                self._running = None
                running.remove()
                raise InfrastructureError(f"judge: not listening after {START_SECONDS:g} s")


class _Use:
    """A judge as one of its sessions sees it: settings of its task, labels that say whom it serves, perhaps a GPU."""

    def __init__(
        self, judge: Judge, settings: JudgeSettings, labels: Mapping[str, str], launch: Launch | None = None
    ) -> None:
        self._judge = judge
        self._launch = launch
        self.settings = settings
        self._labels = labels

    def launch_runner(self, *where: *tuple[str, str, Path, Path, str]) -> Running:
        """On a GPU, only under a lease that is in force before and after the start."""
        spec = self._judge.runner(*where, self.settings, self._labels)
        if self._launch is None:
            return self._judge.backend.launch(spec)
        return launch_under(self._judge.backend, spec, self._launch)

    def assign_runner(self, running: Running, *where: *tuple[str, str, Path, Path, str]) -> None:
        self._judge.backend.assign(running, self._judge.runner(*where, self.settings, self._labels))

    def parent_failed(self, key: str) -> int:
        return self._judge.parent_failed(key)


def _plain(text: str) -> str:
    """A container and folder name: readable, and different for different texts."""
    kept = re.sub(r"[^a-zA-Z0-9_.-]", "-", text)
    if kept == text and len(text) <= 100 and text[:1].isalnum():
        return text
    return f"r-{kept[:80]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
