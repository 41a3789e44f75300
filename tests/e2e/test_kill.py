"""The kill switch on a whole daemon, with Temporal and the policy server both struck dumb."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from daemon.cli.errors import KILLED
from daemon.instance import instance_of
from daemon.records.chain import records
from daemon.records.keys import public_path
from daemon.records.kinds import check_kinds
from daemon.records.verify import verify
from tests.e2e.house import Daemon

pytestmark = pytest.mark.e2e

PROMISED_SECONDS = 10.0


def _containers(daemon: Daemon) -> list[str]:
    label = f"label=ratchet.instance={instance_of(daemon.state)}"
    listed = subprocess.run(["docker", "ps", "-aq", "--filter", label], capture_output=True, text=True, check=True)
    return listed.stdout.split()


def _exit_status(daemon: Daemon) -> int:
    assert daemon._process is not None
    return daemon._process.wait(60)


def test_killed_with_temporal_and_opa_down_it_stays_so_until_ana_signs(own_daemon: Daemon, tmp_path: Path) -> None:
    daemon = own_daemon
    campaign = daemon.start_campaign(candidates=3, patience=9)
    daemon.until(lambda: len(_containers(daemon)) >= 2)
    engines = daemon.children()
    for name, pid in engines.items():
        if name in ("opa", "temporal"):
            os.kill(pid, signal.SIGSTOP)
    assert {"opa", "temporal"} <= set(engines), engines

    said = daemon.ratchet("kill", "--by", "bob", "--reason", "test", "--json")
    assert said.returncode == 0, said.stderr + said.stdout
    assert float(said.stdout.split('"seconds": ')[1].split(",")[0]) < PROMISED_SECONDS
    assert _containers(daemon) == []
    assert not daemon.alive()

    refused = daemon.ratchet("up", "--any-ports")
    assert refused.returncode == KILLED
    assert "killed by bob" in refused.stderr

    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "ana")], check=True)
    kind, public = (tmp_path / "ana.pub").read_text().split()[:2]
    (daemon.state / "keys" / "allowed_signers").write_text(f"ana {kind} {public}\n")
    rearmed = daemon.ratchet("rearm", "--by", "ana", "--key", str(tmp_path / "ana"))
    assert rearmed.returncode == 0, rearmed.stderr

    daemon.start()
    report = daemon.result(campaign)
    verdicts = [row.verdict for row in daemon.rows(campaign)]
    assert report["decided"] == 3, report
    assert not [verdict for verdict in verdicts if verdict.startswith(("killed", "quarantined"))], verdicts
    log = daemon.state / "audit"
    assert check_kinds(log) == []

    os.kill(daemon.endpoints["pid"], signal.SIGUSR1)
    assert _exit_status(daemon) == KILLED
    assert verify(log, public_path(daemon.state / "keys" / "audit.pem")).ok
    told = [(row["kind"], row["actor"]) for row in records(log) if row["kind"] in ("kill", "rearm")]
    assert told == [("kill", "bob"), ("rearm", "ana"), ("kill", "SIGUSR1")]
    assert "could not stop a part" not in daemon.log_text()
