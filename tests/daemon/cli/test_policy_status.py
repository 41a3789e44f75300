"""What the running daemon decides by, as its own metrics say it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.metrics import Metrics
from daemon.records.audit import AuditLog
from daemon.records.keys import ensure_signing_key
from policies.bundle import Source
from tests.daemon.cli.conftest import Ratchet

SHIPPED = Path(__file__).parents[3] / "policies"


@pytest.fixture
def metrics(tmp_path: Path) -> Iterator[Metrics]:
    """A daemon's metrics, found through endpoints.json."""
    metrics = Metrics()
    served = metrics.serve(0, "127.0.0.1")
    run = tmp_path / "state" / "run"
    run.mkdir(parents=True)
    address = f"http://127.0.0.1:{served.port}/metrics"
    (run / "endpoints.json").write_text(json.dumps({"metrics": address}))
    yield metrics
    served.close()


def test_the_revision_in_force_and_since_when(ratchet: Ratchet, metrics: Metrics) -> None:
    revision = Source.read(SHIPPED).revision
    metrics.policy_loaded(revision)
    said = ratchet("policy", "status", "--json")
    assert said.code == 0, said
    assert (said.document["active"], said.document["same"]) == (revision, True)
    assert said.document["since"].endswith("+00:00")


def test_the_commit_that_it_came_from(ratchet: Ratchet, metrics: Metrics, tmp_path: Path) -> None:
    ensure_signing_key(tmp_path / "key")
    metrics.policy_loaded("1" * 64)
    with AuditLog(tmp_path / "state" / "audit", tmp_path / "key") as audit:
        for revision, commit in (("1" * 64, "a" * 40), ("2" * 64, "b" * 40), ("1" * 64, "c" * 40)):
            body = {"revision": revision, "commit": commit, "folder": "/policies"}
            audit.append("policy.active", actor="gate", campaign="", candidate="", body=body)
    assert ratchet("policy", "status", "--json").document["commit"] == "c" * 40


def test_a_rejected_edit_is_told(ratchet: Ratchet, metrics: Metrics) -> None:
    metrics.policy_loaded("0" * 64)
    metrics.policy_rejected()
    said = ratchet("policy", "status")
    assert said.code == 1
    assert "0" * 64 in said.out
    assert "ratchet policy test" in said.err


def test_an_older_folder_is_told_with_the_way_back(ratchet: Ratchet, metrics: Metrics, tmp_path: Path) -> None:
    ensure_signing_key(tmp_path / "key")
    older = Source.read(SHIPPED).revision
    with AuditLog(tmp_path / "state" / "audit", tmp_path / "key") as audit:
        for revision in (older, "2" * 64):
            audit.append(
                "policy.active", actor="gate", body={"revision": revision, "commit": "", "folder": "/policies"}
            )
    metrics.policy_loaded("2" * 64)
    metrics.policy_rejected()
    said = ratchet("policy", "status")
    assert said.code == 1 and f"ratchet policy restore {older[:16]} --by NAME" in said.err


def test_without_a_daemon_nothing_is_in_force(ratchet: Ratchet) -> None:
    assert ratchet("policy", "status").code == 3
