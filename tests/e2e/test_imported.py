"""Somebody else's task, imported and run by the whole daemon: measured like any other, promoted by nobody alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.house import Daemon
from tests.kernels.importers.shapes import OPENEVOLVE, PROGRAM, plant

pytestmark = pytest.mark.e2e


def test_an_imported_task_finds_gains_that_wait_for_a_person(daemon: Daemon, tmp_path: Path) -> None:
    program = PROGRAM.replace("STEP = 0.5", "STEP = 0.5  # tunable: 0.01..0.5 log")
    source = plant(tmp_path / "goals", {**OPENEVOLVE, "initial_program.py": program})
    made = daemon.ratchet("target", "import", "openevolve", str(source))
    assert made.returncode == 0, made.stdout + made.stderr

    campaign = daemon.start_campaign(target="goals", candidates=4, seed=3, strategy="clade")
    daemon.until(lambda: daemon.ended(campaign) or daemon.query(campaign, "holds")["count"])
    held = daemon.query(campaign, "holds")["rows"]
    assert held and daemon.query(campaign)["champion"] == f"{campaign}-c0"
    rows = {row.candidate: row for row in daemon.rows(campaign)}
    best = rows[held[0]["candidate"]]
    assert best.verdict == "accepted" and best.gain is not None and 0 < best.gain < 0.2
    assert not any(row.promoted for row in rows.values())
    daemon.temporal("workflow", "signal", "-w", campaign, "--name", "stop")
    signed = daemon.signer("gus")
    for hold in held:
        daemon.ratchet("campaign", "reject", campaign, hold["candidate"], *signed, "--reason", "only a test")
