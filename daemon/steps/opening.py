"""Opening a judging session on two trees: in runners that may have waited for them, or on a leased GPU."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from daemon.governed import CANDIDATE
from daemon.house import House
from daemon.steps.device import launching
from daemon.steps.effects import Meter, attempt, scratch
from daemon.steps.mounts import Tell, unchanged
from kernels.target import Target
from sandbox.judging import Judge, Session
from sandbox.prepared import ARMS


@dataclass(frozen=True)
class Wanted:
    """Which session."""

    campaign: str
    candidate: str
    step: str
    target: Target
    trees: tuple[str, str]
    """Of `ARMS`, in their order."""
    seed: bytes = b""
    """Empty: from the operating system."""

    @property
    def key(self) -> str:
        """Unique per attempt."""
        return f"{self.candidate}-{self.step}-{attempt()}"


def opened(house: House, judge: Judge, wanted: Wanted, tell: Tell, meter: Meter) -> AbstractContextManager[Session]:
    """The session, over folders that are held against their trees before and after it.

    Raises CandidateFault, InfrastructureError.
    """
    if wanted.target.device is None:
        return _in_runners(house, judge, wanted, tell)
    return _on_device(house, judge, wanted, tell, meter)


@contextmanager
def _in_runners(house: House, judge: Judge, wanted: Wanted, tell: Tell) -> Iterator[Session]:
    labels = {CANDIDATE: wanted.candidate}
    with house.judges.measuring_cpu() as cpu, judge.take(wanted.key, cpu, labels, wanted.seed) as session:
        folders = {session.folder(arm): tree for arm, tree in zip(ARMS, wanted.trees, strict=True)}
        for folder, tree in folders.items():
            house.trees.fill(tree, folder)
        with unchanged(tell, folders):
            yield session


@contextmanager
def _on_device(house: House, judge: Judge, wanted: Wanted, tell: Tell, meter: Meter) -> Iterator[Session]:
    names = {"campaign": wanted.campaign, "candidate": wanted.candidate, "step": wanted.step}
    seed = wanted.seed or os.urandom(32)
    with scratch(house, wanted.candidate, wanted.step) as folder:
        arms = {arm: folder / arm for arm in ARMS}
        for arm, tree in zip(ARMS, wanted.trees, strict=True):
            house.trees.export(tree, arms[arm])
        with (
            unchanged(tell, dict(zip(arms.values(), wanted.trees, strict=True))),
            launching(house, wanted.target, arms=arms, meter=meter, **names) as (built, launch),
            house.judges.measuring_cpu() as cpu,
            judge.session(wanted.key, seed, built, cpuset=cpu, launch=launch) as session,
        ):
            yield session
