"""Guardrails edited while a campaign runs: the next decision uses them; a broken edit changes nothing but the alarm."""

from __future__ import annotations

import pytest

from daemon.records.chain import records
from tests.e2e.house import Daemon

pytestmark = pytest.mark.e2e


def revision(daemon: Daemon) -> str:
    """Of the newest decision in the audit log."""
    newest = ""
    for record in records(daemon.state / "audit"):
        if record["kind"] == "decision" and record["body"]["revision"]:
            newest = record["body"]["revision"]
    return newest


def test_an_edit_rules_the_next_decision_and_a_broken_one_none(own_daemon: Daemon) -> None:
    daemon = own_daemon
    name = daemon.start_campaign(candidates=500, in_flight=1)
    daemon.until(lambda: daemon.query(name)["decided"] >= 1)
    first = revision(daemon)

    broken = daemon.policies / "ratchet" / "edit" / "edit.rego"
    sound = broken.read_text()
    broken.write_text(sound + "\nthis is not Rego\n")
    daemon.until(lambda: daemon.metric("ratchet_policy_rejected") == 1.0)
    decided = daemon.query(name)["decided"]
    daemon.until(lambda: daemon.query(name)["decided"] > decided)
    assert revision(daemon) == first, "the last good bundle stays in force"
    assert "policies rejected" in daemon.log.read_text()
    told = daemon.ratchet("doctor").stdout
    assert "the edited folder was rejected" in told, told
    broken.write_text(sound)
    daemon.until(lambda: daemon.metric("ratchet_policy_rejected") == 0.0)

    limits = daemon.policies / "ratchet" / "stop" / "data.yaml"
    limits.write_text(limits.read_text().replace("wall_seconds: 604800", "wall_seconds: 1"))
    assert daemon.result(name)["status"] == "stopped:wall"
    assert revision(daemon) != first

    # Tried on what was decided before, then in force: both are in the log, in this order; of the broken one nothing is.
    ruled = [one for one in records(daemon.state / "audit") if one["kind"].startswith("policy.")]
    assert [(one["kind"], one["body"]["revision"]) for one in ruled] == [
        ("policy.active", first), ("policy.staged", revision(daemon)), ("policy.active", revision(daemon)),
    ]  # fmt: skip
    assert ruled[1]["body"]["asked"] > 0
