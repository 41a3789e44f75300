"""Measuring the noise of a seed: a busy host is our fault and tried again, a seed that stays so is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from daemon.steps import campaigns
from sandbox.judging import CandidateFault
from workflows.ports import InfrastructureError, RefusedError


class Seed:
    """A target and its seed's row, as far as they are looked at."""

    name, candidate, tree = "matmul", "k-c0", "t"


def calibrated(verdict: str, monkeypatch: pytest.MonkeyPatch, *, attempt: int) -> None:
    @contextmanager
    def faulty(*_: object, **__: object) -> Iterator[None]:
        yield
        raise CandidateFault("child", verdict, "feedback", "log")

    monkeypatch.setattr(campaigns, "measuring", faulty)
    monkeypatch.setattr(campaigns, "fixed", lambda *_: None)
    seed: Any = Seed()
    house: Any = None
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt)
    environment.run(campaigns.CampaignSteps(house)._calibrate, "k", seed, seed)


@pytest.mark.parametrize("verdict", campaigns.BUSY)
def test_a_busy_host_is_our_fault(verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for attempt in (1, campaigns.BUSY_ATTEMPTS):
        with pytest.raises(InfrastructureError, match="too busy"):
            calibrated(verdict, monkeypatch, attempt=attempt)
    with pytest.raises(RefusedError, match="fails its own judge"):
        calibrated(verdict, monkeypatch, attempt=campaigns.BUSY_ATTEMPTS + 1)


def test_a_seed_that_is_wrong_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match="failed:wrong"):
        calibrated("failed:wrong", monkeypatch, attempt=1)
