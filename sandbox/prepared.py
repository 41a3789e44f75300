"""A judging session made ahead: opened with the judge, its runners started on folders that are still empty.

The runners run our own guest, which waits for the judge's first word and has not looked at the candidate's folder. A
tree is written into that folder before that word is spoken, so that nothing of any candidate is in a waiting container.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sandbox.backend import Backend, Running
from sandbox.judge_client import JudgeClient
from sandbox.judge_settings import JudgeSettings
from sandbox.pool import Bounds, Pool
from sandbox.spec import ContainerSpec
from workflows.ports import InfrastructureError

ARMS = ("child", "parent")
AHEAD = ("c", "python", "json", "program", "evaluator")
"""Languages whose runners can wait: a runner with a leased device starts when its use has the lease."""


class Opener(Protocol):
    """What is needed of a judge."""

    settings: JudgeSettings

    def open(self, seed: bytes, settings: JudgeSettings) -> tuple[JudgeClient, Path]: ...

    def runner(self, key: str, arm: str, candidate: Path, io: Path, cpuset: str) -> ContainerSpec: ...


@dataclass
class Prepared:
    """For one use. What takes it over takes its parts out of it; `close` releases what is left."""

    client: JudgeClient
    io: Path
    seed: bytes
    """What everything random in the session follows from."""
    folder: Path
    """Holds a folder for each arm's tree."""
    runners: dict[str, Running] = field(default_factory=dict)
    inodes: dict[str, int] = field(default_factory=dict)
    """Of the folders that the runners show: another folder under the same name is not what they show."""
    done: Callable[[], None] = lambda: None
    """Called when it was taken and is closed; once."""

    def alive(self) -> bool:
        """Whether the judge and all its runners still wait."""
        return self.client.alive() and all(running.alive() for running in self.runners.values())

    def take(self, arm: str) -> Running | None:
        """The runner that waits for the arm's tree, once; None when there is none that can be used."""
        running = self.runners.pop(arm, None)
        if running is None or (running.alive() and (self.folder / arm).stat().st_ino == self.inodes[arm]):
            return running
        with suppress(InfrastructureError):
            running.kill()  # before another is started that connects to the same socket
        running.remove()
        return None

    def close(self) -> None:
        """Remove the runners, end the session, clear the folder away."""
        for running in self.runners.values():
            with suppress(InfrastructureError):
                running.remove()
        self.runners = {}
        self.client.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        done, self.done = self.done, lambda: None
        done()


class Preparer:
    """The sessions of one judge: taken from those made ahead, or made on demand. Thread-safe."""

    def __init__(self, judge: Opener, backend: Backend, rooms: Path, bounds: Callable[[], Bounds]) -> None:
        """`rooms` is the folder in which sessions keep their trees; it is this object's own."""
        self._judge = judge
        self._backend = backend
        self._rooms = rooms
        self._bounds = bounds
        self._lock = threading.Lock()  # protects _timing
        self._timing = 0
        self._pool: Pool[str, Prepared] = Pool(self._ahead, bounds, lambda: self._timing > 0)

    def take(self, cpuset: str, seed: bytes = b"") -> Prepared:
        """One with runners, if one waits and no seed is asked for; else one without. Raises InfrastructureError."""
        timed = self._judge.settings.metric_kind == "time"
        self._count(int(timed))  # nothing is started beside a candidate that is being timed
        try:
            ahead = not seed and self._judge.settings.language in AHEAD
            prepared = (self._pool.take(cpuset) if ahead else None) or self._open(seed or os.urandom(32))
        except BaseException:
            self._count(-int(timed))
            raise
        prepared.done = lambda: self._count(-int(timed))
        return prepared

    def _count(self, one: int) -> None:
        with self._lock:
            self._timing += one
        self._pool.stir()

    def ready(self, cpuset: str) -> int:
        """How many wait."""
        return self._pool.idle(cpuset)

    def close(self) -> None:
        """Remove all that wait. May be repeated."""
        self._pool.close()
        shutil.rmtree(self._rooms, ignore_errors=True)

    def _open(self, seed: bytes) -> Prepared:
        client, io = self._judge.open(seed, self._judge.settings)
        prepared = Prepared(client, io, seed, self._rooms / io.name)
        try:
            for arm in ARMS:
                folder = prepared.folder / arm
                folder.mkdir(parents=True)
                folder.chmod(0o755)  # a runner reads it, whatever the umask
                prepared.inodes[arm] = folder.stat().st_ino
        except OSError as error:
            prepared.close()
            raise InfrastructureError(f"judge: cannot make {prepared.folder}: {error.strerror}") from error
        return prepared

    def _ahead(self, cpuset: str) -> Prepared:
        """A session whose runners wait: both for a time; for a score only the child's, since few need the parent's."""
        prepared = self._open(os.urandom(32))
        try:
            for arm in ARMS if self._judge.settings.metric_kind == "time" else ARMS[:1]:
                place = (prepared.folder / arm, prepared.io / arm)
                spec = self._judge.runner(f"ready-{prepared.io.name}", arm, *place, cpuset)
                longer = spec.limits.wall_seconds + self._bounds().seconds
                limits = spec.limits.model_copy(update={"wall_seconds": longer})
                prepared.runners[arm] = self._backend.launch(spec.model_copy(update={"limits": limits}))
        except BaseException:
            prepared.close()
            raise
        return prepared
