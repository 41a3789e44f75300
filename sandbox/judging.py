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
from sandbox.pool import Bounds, Pool
from sandbox.prepared import ARMS, Prepared, empty_folders
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
        """`rooms` is where sessions that are made ahead keep their trees (default: beside the io folder)."""
        self.settings = settings if isinstance(settings, JudgeSettings) else JudgeSettings.model_validate(settings)
        self.campaign = campaign
        self.io = io_root.resolve() / _plain(campaign)
        self.backend = backend
        self.image = image
        self.guest = guest.resolve()
        self._judge = judge.resolve()
        self._cpuset = cpuset
        self.labels = dict(labels or {})
        self._rooms = (rooms or io_root.parent / "rooms").resolve() / _plain(campaign)
        self._bounds = bounds
        self._pool: Pool[str, Prepared] = Pool(self._prepare, bounds)
        self._lock = threading.Lock()
        self._running: Running | None = None
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
        """Stop the judge and remove its folders. May be repeated."""
        self._pool.close()
        with self._lock:
            running, self._running = self._running, None
            if running is not None:
                running.remove()
            shutil.rmtree(self.io, ignore_errors=True)
            shutil.rmtree(self._rooms, ignore_errors=True)

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
    ) -> Session:
        """Open a session; `key` is unique per attempt, `arms` are the folders of `child` and `parent`.

        `settings` are this session's own, where one judge serves many tasks.

        Both runners run on the CPUs of `cpuset` (as in `1` or `0-1`; empty: any). Everything random in the session
        follows from `seed`. Raises InfrastructureError.
        """
        settings = settings or self.settings
        client, io = self._open(seed, arms, settings)
        return Session(_Host(self, settings, {}), client, key, io, dict(arms), cpuset, seed=seed)

    def take(self, key: str, cpuset: str = "", labels: Mapping[str, str] | None = None) -> Session:
        """A session with a seed of its own, made ahead if one waits; write the trees into `Session.folder(arm)`.

        `key`, `cpuset` as in `session`; `labels` name whom it serves. Raises InfrastructureError.
        """
        prepared = self._pool.take(cpuset)
        return Session(
            _Host(self, self.settings, labels or {}),
            prepared.client,
            key,
            prepared.io,
            {arm: prepared.folder / arm for arm in ARMS},
            cpuset,
            seed=prepared.seed,
            prepared=prepared,
        )

    def ready(self, cpuset: str = "") -> int:
        """How many sessions wait for their use."""
        return self._pool.idle(cpuset)

    def _open(self, seed: bytes, arms: Iterable[str], settings: JudgeSettings) -> tuple[JudgeClient, Path]:
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

    def _prepare(self, cpuset: str) -> Prepared:
        """A session whose runners wait: both for a time; for a score only the child's, since few need the parent's."""
        seed = os.urandom(32)
        client, io = self._open(seed, ARMS, self.settings)
        prepared = Prepared(client, io, seed, self._rooms / io.name, cpuset)
        host = _Host(self, self.settings, {})
        try:
            folders = empty_folders(prepared.folder)
            for arm in ARMS if self.settings.metric_kind == "time" else ARMS[:1]:
                spec = host.runner(f"ready-{io.name}", arm, folders[arm], io / arm, cpuset)
                longer = spec.limits.wall_seconds + self._bounds().seconds
                limits = spec.limits.model_copy(update={"wall_seconds": longer})
                prepared.runners[arm] = self.backend.launch(spec.model_copy(update={"limits": limits}))
        except BaseException:
            prepared.close()
            raise
        return prepared

    def parent_failed(self, key: str) -> int:
        """Count a failure of the parent's runner under `key`; returns how many there were."""
        with self._lock:
            self._parent_faults[key] = self._parent_faults.get(key, 0) + 1
            return self._parent_faults[key]

    def _prepare_folder(self) -> None:
        try:
            shutil.rmtree(self.io, ignore_errors=True)
            shutil.rmtree(self._rooms, ignore_errors=True)
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
            image=self.image,
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
            labels=self.labels,
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


class _Host:
    """A judge as one of its sessions sees it: the session's own task, and whom it serves."""

    def __init__(self, judge: Judge, settings: JudgeSettings, labels: Mapping[str, str]) -> None:
        self._judge = judge
        self.settings = settings
        self._labels = {**judge.labels, **labels}

    def launch_runner(self, key: str, arm: str, candidate: Path, io: Path, cpuset: str) -> Running:
        return self._judge.backend.launch(self.runner(key, arm, candidate, io, cpuset))

    def assign_runner(self, running: Running, key: str, arm: str, candidate: Path, io: Path, cpuset: str) -> None:
        self._judge.backend.assign(running, self.runner(key, arm, candidate, io, cpuset))

    def parent_failed(self, key: str) -> int:
        return self._judge.parent_failed(key)

    def runner(self, key: str, arm: str, candidate: Path, io: Path, cpuset: str) -> ContainerSpec:
        """The container of one arm."""
        mounts: tuple[Mount, ...] = (
            Mount(source=str(candidate.resolve()), target="/candidate"),
            Mount(source=str(self._judge.guest), target="/guest"),
            Mount(source=str(io / "in"), target="/io/in"),
            Mount(source=str(io / "out"), target="/io/out", read_only=False),
            Mount(source=str(io / "sock"), target="/io/sock"),
        )
        if self.settings.language == "evaluator":
            mounts += (Mount(source=str(Path(self.settings.folder).resolve() / "imported"), target="/evaluator"),)
        return ContainerSpec(
            role="run",
            name=_plain(f"{self._judge.campaign}-{key}-{arm}"),
            image=self._judge.image,
            command=("python3", "-I", "-B", "/guest/__main__.py"),
            mounts=mounts,
            limits=self.settings.run_limits,
            cpuset=cpuset,
            labels=self._labels,
        )


def _plain(text: str) -> str:
    """A container and folder name: readable, and different for different texts."""
    kept = re.sub(r"[^a-zA-Z0-9_.-]", "-", text)
    if kept == text and len(text) <= 100 and text[:1].isalnum():
        return text
    return f"r-{kept[:80]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
