"""A soft rule denies, and the candidate waits: only a second person with the role, signing, lets it pass."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from daemon.records.chain import records
from tests.e2e.house import Daemon

pytestmark = pytest.mark.e2e


def tune(folder: Path, package: str, old: str, new: str) -> None:
    path = folder / "ratchet" / package / "data.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def kinds(daemon: Daemon) -> list[str]:
    return [str(record["kind"]) for record in records(daemon.state / "audit")]


def test_a_second_person_overrides_a_soft_rule_for_one_candidate(own_daemon: Daemon) -> None:
    daemon = own_daemon
    tune(daemon.policies, "people", "admin: []", "admin: [ana, bo]")
    tune(daemon.policies, "edit", "lines: 4000", "lines: 0")
    daemon.until(lambda: daemon.metric('ratchet_policy_reloads_total{outcome="loaded"}') >= 2)
    ana, bo, eve = daemon.signer("ana"), daemon.signer("bo"), daemon.signer("eve")
    campaign = daemon.start_campaign(candidates=1, seed=1, started_by="bo")
    daemon.until(lambda: daemon.query(campaign, "holds")["count"])
    hold: dict[str, Any] = daemon.query(campaign, "holds")["rows"][0]
    assert (hold["kind"], hold["codes"]) == ("override", ["EDIT-SIZE"])

    words = ("campaign", "override", campaign, hold["candidate"], "--reason", "a table that was read twice")
    for signed, code in ((bo, "OVERRIDE-SECOND"), (eve, "OVERRIDE-ROLE"), ((*ana, "--hours", "25"), "OVERRIDE-EXPIRY")):
        refused = daemon.ratchet(*words, *signed)
        assert refused.returncode == 1 and code in refused.stdout + refused.stderr, refused
    assert daemon.query(campaign)["decided"] == 0

    later = str(int(time.time()) + 3600)
    assert daemon.ratchet(*words, *ana, "--until", later).returncode == 0
    report = daemon.result(campaign)
    assert "denied" not in report["verdicts"], report
    # Found twice: it denied, and it was found again and let pass under the override.
    counts = report["governance"]
    assert (counts["soft-mandatory"], counts["holds"], counts["overrides"], counts["refused-answers"]) == (2, 1, 1, 3)
    assert "1 overrides" in daemon.ratchet("campaign", "status", campaign).stdout
    answered = ('ratchet_hold_answers_total{answer="override"}', 'ratchet_findings_total{level="soft-mandatory"}')
    assert [daemon.metric(name) for name in answered] == [1, 2]
    assert kinds(daemon).count("hold.answer.refused") == 3 and kinds(daemon).count("hold.overridden") == 1
