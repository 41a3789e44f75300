"""Opening a judging session on two trees: in runners that may have waited for them, or on a leased GPU."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from daemon.governed import CANDIDATE
from daemon.house import House
from daemon.seats import Seat
from daemon.steps.device import launching
from daemon.steps.effects import Meter, attempt, scratch
from daemon.steps.mounts import Tell, unchanged
from kernels.target import Target
from sandbox.judging import Judge, Session
from sandbox.prepared import ARMS

SHARED_MEMORY_MB = 2048
"""Sessions whose runners may take more sit alone."""


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


@contextmanager
def opened(house: House, judge: Judge, wanted: Wanted, tell: Tell, meter: Meter) -> Iterator[tuple[Session, Seat]]:
    """The session, over folders that are held against their trees before and after it, and its seat.

    Raises CandidateFault, InfrastructureError.
    """
    way = _in_runners if wanted.target.device is None else _on_device
    with way(house, judge, wanted, tell, meter) as (session, seat):
        try:
            yield session, seat
        finally:
            meter.waited(seat.waited)


@contextmanager
def seated(house: House, alone: bool, meter: Meter) -> Iterator[Seat]:
    """A seat; the wait for it is no cost of the candidate's."""
    began = time.monotonic()
    with house.judges.seats.take(alone=alone) as seat:
        meter.waited(time.monotonic() - began)
        yield seat


def needs_a_cpu_alone(target: Target) -> bool:
    """Whether another session at its CPU would disturb it, or the two together would need too much memory."""
    return target.metric.kind == "time" or target.resources.memory_mb > SHARED_MEMORY_MB


@contextmanager
def _in_runners(house: House, judge: Judge, wanted: Wanted, tell: Tell, meter: Meter) -> Iterator[tuple[Session, Seat]]:
    labels = {CANDIDATE: wanted.candidate}
    with (
        seated(house, needs_a_cpu_alone(wanted.target), meter) as seat,
        judge.take(wanted.key, seat.cpu, labels, wanted.seed) as session,
    ):
        folders = {session.folder(arm): tree for arm, tree in zip(ARMS, wanted.trees, strict=True)}
        for folder, tree in folders.items():
            house.trees.fill(tree, folder)
        with unchanged(tell, folders):
            yield session, seat


@contextmanager
def _on_device(house: House, judge: Judge, wanted: Wanted, tell: Tell, meter: Meter) -> Iterator[tuple[Session, Seat]]:
    names = {"campaign": wanted.campaign, "candidate": wanted.candidate, "step": wanted.step}
    seed = wanted.seed or os.urandom(32)
    with scratch(house, wanted.candidate, wanted.step) as folder:
        arms = {arm: folder / arm for arm in ARMS}
        for arm, tree in zip(ARMS, wanted.trees, strict=True):
            house.trees.export(tree, arms[arm])
        with (
            unchanged(tell, dict(zip(arms.values(), wanted.trees, strict=True))),
            launching(house, wanted.target, arms=arms, meter=meter, **names) as (built, launch),
            seated(house, True, meter) as seat,
            judge.session(wanted.key, seed, built, cpuset=seat.cpu, launch=launch) as session,
        ):
            yield session, seat
