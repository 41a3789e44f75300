"""kill -9 in the middle: the campaign goes on, and every candidate is counted once."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from daemon.instance import instance_of
from daemon.records.db import Database, sqlite_url
from daemon.records.kinds import check_kinds
from daemon.records.ledger import Ledger
from tests.e2e.house import Daemon

pytestmark = pytest.mark.e2e

SILENT = """[[models]]
name = "openai/silent"
api_base = "http://127.0.0.1:{port}/v1"
api_key = "none"
price = {{ input = 0, output = 0 }}
timeout_seconds = 300
"""


def containers(daemon: Daemon) -> set[str]:
    """Names of containers that a daemon owns now."""
    label = f"label=ratchet.instance={instance_of(daemon.state)}"
    listed = subprocess.run(
        ["docker", "ps", "-a", "--filter", label, "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    )
    return set(listed.stdout.split())


def unsettled(daemon: Daemon) -> list[str]:
    """Keys of what the ledger still holds open."""
    db = Database(sqlite_url(daemon.state / "records.db"))
    try:
        return [line.key for line in Ledger(db).unsettled()]
    finally:
        db.close()


def test_a_killed_daemon_loses_and_repeats_nothing(own_daemon: Daemon) -> None:
    name = own_daemon.start_campaign(candidates=8, seed=2)
    own_daemon.until(lambda: own_daemon.query(name)["decided"] >= 2)
    own_daemon.kill()
    own_daemon.start()
    report = own_daemon.result(name)
    assert report["decided"] == 8 == sum(report["verdicts"].values())
    assert [row.number for row in own_daemon.rows(name)] == list(range(9))
    assert all(row.verdict and not row.verdict.startswith("inconclusive") for row in own_daemon.rows(name))
    assert own_daemon.ratchet("audit", "verify").returncode == 0
    reconciled = own_daemon.ratchet("audit", "reconcile")
    assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr
    assert check_kinds(own_daemon.state / "audit") == []
    refs = subprocess.run(
        ["git", "--git-dir", str(own_daemon.state / "archive.git"), "for-each-ref", "--format=%(refname)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert len(refs) == len(set(refs))


def test_sigterm_drains_and_leaves_nothing_behind(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a model that takes longer than a shutdown may
        (tmp_path / "ratchet.toml").write_text(SILENT.format(port=silent.getsockname()[1]))
        daemon.start()
        try:
            name = daemon.start_campaign(candidates=50)
            daemon.start_campaign(candidates=50, target="packing", model="openai/silent")
            silent.settimeout(120)
            asked, _ = silent.accept()
            daemon.until(lambda: daemon.query(name)["in_flight"] >= 1 and len(containers(daemon)) > 1)
            assert daemon.stop() == 0
            asked.close()
        finally:
            if daemon.alive():
                daemon.kill()
    assert not containers(daemon)
    assert not unsettled(daemon)
    assert daemon.ratchet("audit", "verify").returncode == 0
