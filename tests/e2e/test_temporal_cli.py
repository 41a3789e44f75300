"""A campaign from start to report, driven by the ordinary Temporal CLI."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from pathlib import Path

import pytest

from daemon.records.chain import records
from daemon.records.keys import public_path
from daemon.records.kinds import check_kinds
from daemon.records.verify import verify
from daemon.repo import TreeStore, ref_part
from tests.e2e.house import Daemon

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def campaign(daemon: Daemon) -> str:
    """A finished campaign of eight candidates."""
    name = daemon.start_campaign(candidates=8, seed=1, started_by="ana")
    daemon.result(name)
    return name


def test_it_ends_with_a_speed_up_measured_on_sealed_cases(daemon: Daemon, campaign: str) -> None:
    report = daemon.result(campaign)
    assert report["status"] == "stopped:candidates"
    assert report["decided"] == 8 == sum(report["verdicts"].values())
    assert report["verdicts"].get("accepted", 0) >= 1
    assert report["speedup_low"] > 1.0 and report["sealed_pairs"] >= 8


def test_what_was_judged_is_what_was_committed(daemon: Daemon, campaign: str) -> None:
    trees = TreeStore(daemon.state / "archive.git")
    committed: dict[str, str] = {}
    for ref, commit in trees.refs(f"refs/ratchet/{ref_part(campaign)}/").items():
        committed[f"{campaign}-c{ref.rpartition('/')[2]}"] = trees.tree_of(commit)
    told = [one for one in records(daemon.state / "audit") if one["campaign"] == campaign]
    judged = [one for one in told if one["kind"] == "evaluate.intent"]
    decided = {one["candidate"]: one["body"]["tree"] for one in told if one["kind"] == "candidate.decided"}
    assert judged
    for one in judged:  # a duplicate is neither committed nor judged
        assert one["body"]["tree"] == committed[one["candidate"]] == decided[one["candidate"]]
    # Each session compared what it mounted with these trees, before and after.
    assert not [one for one in told if one["kind"] == "manifest.changed"]


def test_every_query_answers(daemon: Daemon, campaign: str) -> None:
    status = daemon.query(campaign)
    assert status["status"] == "stopped:candidates" and status["decided"] == 8
    board = daemon.query(campaign, "leaderboard")
    assert board["count"] >= 1 and board["rows"][0]["verdict"] == "accepted"
    line = daemon.query(campaign, "lineage")
    assert line["candidates"][-1] == f"{campaign}-c0"
    assert daemon.query(campaign, "holds")["count"] == 0


def test_the_live_page_shows_the_same_facts(daemon: Daemon, campaign: str) -> None:
    shown = daemon.temporal("workflow", "metadata", "-w", campaign).stdout
    assert campaign in shown and "stopped:candidates" in shown
    for handler in ("leaderboard", "extend_budget", "pause"):
        assert handler in shown


def test_a_misspelt_field_fails_the_start_and_is_named(daemon: Daemon) -> None:
    name = daemon.start_campaign(candidats=3)
    daemon.until(lambda: daemon.ended(name))
    said = daemon.temporal("workflow", "result", "-w", name, check=False)
    assert "candidats" in said.stdout + said.stderr


def test_a_rejected_update_says_why(daemon: Daemon) -> None:
    name = daemon.start_campaign(candidates=50)
    daemon.until(lambda: daemon.query(name)["champion"])
    argument = json.dumps({"candidate": f"{name}-c1", "by": "ana"})
    said = daemon.temporal(
        "workflow", "update", "execute", "-w", name, "--name", "approve", "-i", argument, check=False
    )
    assert said.returncode != 0 and "does not wait for a person" in said.stdout + said.stderr
    noted = daemon.temporal(
        "workflow", "update", "execute", "-w", name, "--name", "note", "-i", json.dumps({"text": "hello", "by": "ana"})
    )
    assert "noted" in noted.stdout
    before = daemon.query(name)["spent"]["tokens"]["cap"]
    more = json.dumps({"add": {"tokens": 1000}, "by": "ana", "reason": "one more idea"})
    daemon.temporal("workflow", "update", "execute", "-w", name, "--name", "extend_budget", "-i", more)
    daemon.until(lambda: daemon.query(name)["spent"]["tokens"]["cap"] == before + 1000)
    daemon.temporal("workflow", "signal", "-w", name, "--name", "stop")
    assert daemon.result(name)["status"] == "stopped:requested"


def test_the_audit_log_holds_from_files_and_public_key_alone(daemon: Daemon, campaign: str) -> None:
    report = verify(daemon.state / "audit", public_path(daemon.state / "keys" / "audit.pem"))
    assert report.ok, report.problem
    assert check_kinds(daemon.state / "audit") == []
    kinds: dict[str, int] = {}
    for record in records(daemon.state / "audit"):
        if record["campaign"] == campaign:
            kinds[record["kind"]] = kinds.get(record["kind"], 0) + 1
    assert kinds["candidate.decided"] == 8
    assert kinds["evaluate.intent"] == kinds["evaluate.outcome"]
    assert kinds["propose.intent"] == kinds["propose.outcome"] == 8


def test_the_audit_log_agrees_with_ledger_git_docker_and_temporal(daemon: Daemon, campaign: str) -> None:
    found = daemon.ratchet("audit", "reconcile", campaign, "--json")
    assert found.returncode == 0, found.stdout + found.stderr
    assert json.loads(found.stdout) == {"ok": True, "campaigns": {campaign: []}}


def test_each_measurement_commits_to_its_seed_first_and_reveals_it_after(daemon: Daemon, campaign: str) -> None:
    seeds: dict[str, str] = {}
    steps: set[str] = set()
    for record in records(daemon.state / "audit"):
        if record["campaign"] != campaign:
            continue
        body, step = record["body"], f"{record['candidate']}/{record['body'].get('step')}"
        if record["kind"] == "seed.committed":
            seeds[step] = body["sha256"]
            steps.add(body["step"])
        elif record["kind"] == "seed.revealed":
            assert hashlib.sha256(bytes.fromhex(body["seed"])).hexdigest() == seeds[step]
            seeds[step] = "revealed"
    assert set(seeds.values()) == {"revealed"}
    assert {"calibrate", "evaluate", "sealed-1", "closing"} <= steps


def test_prometheus_finds_the_campaign(daemon: Daemon, campaign: str) -> None:
    with urllib.request.urlopen(daemon.endpoints["metrics"], timeout=60) as answer:  # noqa: S310
        text = answer.read().decode()
    assert "ratchet_ready 1.0" in text and 'ratchet_candidates_total{metric_kind="time",verdict="accepted"}' in text
    assert campaign not in text, "an ended campaign leaves no series"


def test_our_own_cli_tells_the_same(daemon: Daemon, campaign: str) -> None:
    status = json.loads(daemon.ratchet("campaign", "status", campaign, "--json").stdout)
    assert status["decided"] == 8
    best = daemon.query(campaign)["best"]
    shown = daemon.ratchet("candidate", "show", best)
    assert shown.returncode == 0 and "accepted" in shown.stdout
    diff = daemon.ratchet("candidate", "diff", best)
    assert diff.returncode == 0 and "matmul.c" in diff.stdout
    verified = daemon.ratchet("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_three_bad_candidates_meet_their_verdicts(daemon: Daemon) -> None:
    name = daemon.start_campaign(model="ratchet/scripted/hostile", candidates=3, in_flight=1)
    report = daemon.result(name)
    verdicts = {row.number: row.verdict for row in daemon.rows(name)}
    assert report["champion"] == f"{name}-c0" and report["speedup"] is None
    assert verdicts[1].startswith("denied:")
    assert verdicts[2] == "failed:wrong"
    assert verdicts[3] in ("killed:pids", "killed:timeout")


def test_at_the_cap_of_an_account_it_ends_with_what_it_has(daemon: Daemon) -> None:
    name = daemon.start_campaign(target="packing", candidates=50, in_flight=1, seed=3, budget={"tokens": 20_000})
    report = daemon.result(name)
    assert report["status"] == "stopped:budget:tokens"
    tokens = daemon.query(name)["spent"]["tokens"]
    assert tokens["spent"] <= tokens["cap"] == 20_000
    believed = [row for row in daemon.rows(name) if row.verdict == "accepted"]
    best = max(believed, key=lambda row: row.score or 0.0, default=daemon.rows(name)[0])
    assert report["champion"] == best.candidate and 1 <= report["decided"] < 50


def test_packing_proves_that_nothing_is_tied_to_c_and_is_judged_the_same_again(daemon: Daemon) -> None:
    name = daemon.start_campaign(target="packing", candidates=6, seed=3)
    report = daemon.result(name)
    assert report["decided"] == 6 and not report["verdicts"].get("inconclusive")
    measured = next(row for row in daemon.rows(name) if row.pairs)
    again = daemon.ratchet("audit", "replay", measured.candidate, "--json")
    assert again.returncode == 0, again.stdout + again.stderr
    found = json.loads(again.stdout)
    assert found["recorded"] == found["again"], "its score does not hang on the clock"
    assert found["recorded"]["verdict"] == measured.verdict and found["within"]
    assert daemon.ratchet("audit", "reconcile").returncode == 0
    assert daemon.ratchet("audit", "replay", f"{name}-c0").returncode == 1, "the seed was never judged"


def test_the_public_key_is_beside_the_private_one(daemon: Daemon) -> None:
    private = daemon.state / "keys" / "audit.pem"
    assert private.stat().st_mode & 0o077 == 0
    assert Path(public_path(private)).is_file()
