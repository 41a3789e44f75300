"""Policy asks for a person: the candidate waits, and only a listed person's signature moves it."""

from __future__ import annotations

import subprocess

import pytest

from daemon.records.archive import Archive
from daemon.records.chain import records
from daemon.records.db import Database, sqlite_url
from tests.e2e.house import Daemon
from tests.number import TUNABLE, place_number

pytestmark = pytest.mark.e2e


def test_a_held_candidate_is_promoted_by_a_listed_signature_only(own_daemon: Daemon) -> None:
    daemon = own_daemon
    place_number(daemon.targets, TUNABLE)
    rules = daemon.policies / "ratchet" / "promote" / "data.yaml"
    asked = rules.read_text().replace("kernel:  {approvals: 0,", "kernel:  {approvals: 1,")
    assert asked != rules.read_text()
    rules.write_text(asked)
    loaded = 'ratchet_policy_reloads_total{outcome="loaded"}'
    daemon.until(lambda: daemon.metric(loaded) >= 2)
    for name in ("ana", "eve"):
        key = str(daemon.folder / name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    kind, key_text, *_ = (daemon.folder / "ana.pub").read_text().split()
    (daemon.state / "keys" / "allowed_signers").write_text(f"ana {kind} {key_text}\n")

    # A target without noise: what is accepted on the visible cases is better on the sealed ones too.
    campaign = daemon.start_campaign(target="number", candidates=4, seed=1, started_by="bo")
    daemon.until(lambda: daemon.query(campaign, "holds")["count"])
    candidate = daemon.query(campaign, "holds")["rows"][0]["candidate"]
    assert daemon.query(campaign)["champion"] == f"{campaign}-c0"

    approve = ["campaign", "approve", campaign, candidate]
    unsigned = daemon.ratchet(*approve, "--by", "ana")
    assert unsigned.returncode != 0 and "must be signed" in unsigned.stdout + unsigned.stderr
    daemon.ratchet(*approve, "--by", "ana", "--key", str(daemon.folder / "eve"))
    daemon.until(lambda: any(one["kind"] == "hold.approval.refused" for one in records(daemon.state / "audit")))
    assert daemon.query(campaign)["champion"] == f"{campaign}-c0"

    signed = daemon.ratchet(*approve, "--by", "ana", "--key", str(daemon.folder / "ana"))
    assert signed.returncode == 0, signed.stdout + signed.stderr
    daemon.until(lambda: daemon.query(campaign)["champion"] == candidate)
    said = ("--by", "ana", "--reason", "one is enough", "--key", str(daemon.folder / "ana"))
    for hold in daemon.query(campaign, "holds")["rows"] or []:
        daemon.ratchet("campaign", "reject", campaign, hold["candidate"], *said)
    daemon.temporal("workflow", "signal", "-w", campaign, "--name", "stop")

    db = Database(sqlite_url(daemon.state / "records.db"))
    moves = Archive(db).champion_history("number")
    db.close()
    assert [(move.candidate, move.actor) for move in moves] == [(candidate, "ana")]
