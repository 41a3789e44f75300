"""An engine that is away for a minute: the campaign waits and goes on, and nobody but us is to blame."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cut import Cut
from tests.e2e.house import Daemon
from tests.number import TUNABLE, place_number

pytestmark = pytest.mark.e2e
AWAY_SECONDS = 60


@pytest.fixture
def cut(tmp_path: Path) -> Iterator[Cut]:
    with Cut("/var/run/docker.sock", tmp_path / "docker.sock") as cut:
        yield cut


@pytest.fixture
def daemon(cut: Cut, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path_factory.mktemp("outage"), RATCHET_DOCKER_URL=f"unix://{cut.path}")
    place_number(daemon.targets, TUNABLE)
    daemon.start()
    yield daemon
    daemon.end()


def test_a_minute_without_docker_opa_and_temporal_costs_time_only(daemon: Daemon, cut: Cut) -> None:
    name = daemon.start_campaign(target="number", candidates=6, in_flight=2, seed=1)
    daemon.until(lambda: daemon.query(name)["decided"] >= 1)
    engines = [pid for program, pid in daemon.children().items() if program in ("opa", "temporal")]
    assert len(engines) == 2

    cut.off()
    for pid in engines:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(AWAY_SECONDS)
    for pid in engines:
        os.kill(pid, signal.SIGCONT)
    cut.on()

    report = daemon.result(name)
    verdicts = [row.verdict for row in daemon.rows(name)]
    assert report["decided"] == 6 and not [one for one in verdicts if one.startswith("inconclusive")], verdicts
    # What could not be removed meanwhile is removed later.
    daemon.until(lambda: daemon.ratchet("audit", "reconcile").returncode == 0)
    assert daemon.stop() == 0


def test_docker_that_stays_away_is_our_fault_and_never_a_score(daemon: Daemon, cut: Cut) -> None:
    name = daemon.start_campaign(target="number", candidates=3, in_flight=3, seed=1)
    daemon.until(lambda: daemon.query(name)["in_flight"] == 3)
    cut.off()
    daemon.until(lambda: daemon.query(name)["decided"] == 3)
    rows = daemon.rows(name)[1:]
    assert {row.verdict for row in rows} == {"inconclusive:docker"} and not [
        row for row in rows if row.score is not None
    ]
    cut.on()
    assert daemon.result(name)["verdicts"] == {"inconclusive": 3}
    assert daemon.ratchet("audit", "verify").returncode == 0
    assert daemon.stop() == 0
