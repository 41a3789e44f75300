"""Candidates, policies and the audit log, over real records in a state folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.cli import demo
from daemon.records.archive import Archive
from daemon.records.audit import AuditLog
from daemon.records.db import Database, sqlite_url
from daemon.records.keys import ensure_signing_key
from daemon.records.rows import CandidateRow
from daemon.repo import File, TreeStore
from tests.daemon.cli.conftest import Ratchet

SEED = (Path(__file__).parents[3] / "kernels" / "matmul" / "seed" / "matmul.c").read_bytes()


@pytest.fixture
def state(tmp_path: Path, ratchet: Ratchet) -> Path:
    """A campaign `k` on matmul: an accepted candidate with a hostile hypothesis, and a denied one without a tree."""
    home = tmp_path / "state"
    home.mkdir()
    db, store = Database(sqlite_url(home / "records.db")), TreeStore(home / "archive.git")
    archive = Archive(db, store)
    archive.open_campaign("k", "matmul", "{}", "{}")
    seed = store.write_tree({"matmul.c": File(SEED)})
    better = store.write_tree({"matmul.c": File(SEED + b"// \x1b[2J faster\n")})
    first = store.commit(seed, [], "seed\n", "refs/ratchet/k/0", when=1)
    second = store.commit(better, [first], "one\n", "refs/ratchet/k/1", when=2)
    archive.add_seed("k", "k-c0", tree=seed, commit=first, ref="refs/ratchet/k/0")
    row = CandidateRow(campaign="k", number=1, candidate="k-c1", parent="k-c0", verdict="accepted", score=0.5)
    measured = {"gain": 0.5, "low": 0.4, "high": 0.6, "pairs": 12, "e_value": 900.0, "threshold": 40.0}
    kept = {"tree": better, "commit": second, "ref": "refs/ratchet/k/1", "spent": {"cpu_ms": 1500}}
    archive.put(row.model_copy(update={**measured, **kept, "hypothesis": "\x1b[31mred", "times": {"propose": 1.5}}))
    denied = {"number": 2, "candidate": "k-c2", "verdict": "denied:EDIT-OUTSIDE", "reasons": ("no",)}
    archive.put(CandidateRow(campaign="k", parent="k-c1", **denied))
    db.close()
    ensure_signing_key(home / "keys" / "audit.pem")
    with AuditLog(home / "audit", home / "keys" / "audit.pem") as log:
        for number in range(5):
            log.append("note", actor="ana", campaign="k" if number % 2 else "other", body={"n": number})
        signed = {"problem": "", "reason": "\x1b[31mgood"}
        log.append("hold.approved", actor="ana", campaign="k", candidate="k-c1", body=signed)
        taken = {"rollout": 1, "genome": "g", "reason": "worse", "decision": "d"}
        log.append("genome.rollback.outcome", actor="bo", campaign="k", candidate="k-c1", body=taken)
    return home


def test_a_candidate_is_shown_harmlessly(ratchet: Ratchet, state: Path) -> None:
    said = ratchet("candidate", "show", "k-c1")
    assert said.code == 0
    assert "0.5000 (0.4 to 0.6) over 12 pairs" in said.out
    assert "e-value 900, needed 40" in said.out
    assert "\\x1b[31mred" in said.out
    assert "\x1b" not in said.out
    assert "approves, signature verified: \\x1b[31mgood" in said.out
    assert said.out.index("approves") < said.out.index("bo        is taken back: worse"), said.out
    document = ratchet("candidate", "show", "k-c1", "--json").document
    assert document["hypothesis"] == "\x1b[31mred"
    assert [line["actor"] for line in document["said"]] == ["ana", "bo"]
    assert "denied:EDIT-OUTSIDE" in ratchet("candidate", "show", "k-c2").out


def test_candidates_are_listed_losers_included(ratchet: Ratchet, state: Path) -> None:
    rows = ratchet("candidate", "list", "k", "--json").document["candidates"]
    assert [(row["number"], row["verdict"]) for row in rows] == [
        (0, "seed"),
        (1, "accepted"),
        (2, "denied:EDIT-OUTSIDE"),
    ]
    assert "\x1b" not in ratchet("candidate", "list").out
    assert ratchet("candidate", "list", "nosuch").code == 2


def test_a_diff_is_shown_harmlessly_and_raw_on_demand(ratchet: Ratchet, state: Path) -> None:
    said = ratchet("candidate", "diff", "k-c1", "--seed")
    assert "+// \\x1b[2J faster" in said.out
    assert "+// \x1b[2J faster" in ratchet("candidate", "diff", "k-c1", "--raw").out
    assert ratchet("candidate", "diff", "k-c1", "--json").document["against"] == "k-c0"
    missing = ratchet("candidate", "diff", "k-c2")
    assert missing.code == 2
    assert "has no tree in the archive" in missing.err


def test_an_unknown_candidate_is_bad_input(ratchet: Ratchet, state: Path) -> None:
    said = ratchet("candidate", "show", "k-c\x1b9")
    assert said.code == 2
    assert "\x1b" not in said.err


@pytest.mark.opa
def test_an_archived_candidate_is_checked_by_id_and_by_commit(ratchet: Ratchet, state: Path) -> None:
    commit = ratchet("candidate", "show", "k-c1", "--json").document["commit"]
    for name in ("k-c1", commit, commit[:10]):
        said = ratchet("policy", "check", name, "--json")
        assert said.document["permitted"] is True, said
        assert said.document["facts"]["changes"][0]["path"] == "matmul.c"
    assert ratchet("policy", "check", "k-c2").code == 2
    assert ratchet("policy", "check", "nosuch").code == 2


@pytest.mark.opa
def test_a_diff_is_checked_and_every_rule_is_told(ratchet: Ratchet, tmp_path: Path) -> None:
    good = tmp_path / "good.diff"
    line = SEED.splitlines()[0].decode()
    good.write_text(f"--- a/matmul.c\n+++ b/matmul.c\n@@ -1 +1 @@\n-{line}\n+{line} //\n")
    assert ratchet("policy", "check", str(good), "--target", "matmul").out.startswith("allowed")
    bad = tmp_path / "bad.diff"
    bad.write_text("--- /dev/null\n+++ b/../evaluator.py\n@@ -0,0 +1 @@\n+x\n")
    said = ratchet("policy", "check", str(bad), "--target", "matmul", "--json")
    assert said.code == 1
    assert said.document["permitted"] is False
    assert said.document["deny"][0]["remedy"]
    unnamed = ratchet("policy", "check", str(bad))
    assert unnamed.code == 2
    assert "--target" in unnamed.err


@pytest.mark.opa
def test_a_broken_folder_is_told_and_decides_nothing(
    ratchet: Ratchet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    folder = tmp_path / "policies"
    (folder / "ratchet").mkdir(parents=True)
    (folder / "ratchet" / "x.rego").write_text("package ratchet.x\n\nallow if {")
    monkeypatch.setenv("RATCHET_POLICIES", str(folder))
    said = ratchet("policy", "test", "--json")
    assert said.code == 1
    assert said.document["problems"][0]["step"] == "types"
    assert ratchet("policy", "check", "k-c1").code == 2


def test_the_audit_log_is_verified_and_read(ratchet: Ratchet, state: Path) -> None:
    good = ratchet("audit", "verify", "--json")
    assert good.code == 0
    assert good.document["ok"] is True
    rows = ratchet("audit", "tail", "-n", "4", "--campaign", "k", "--json").document["records"]
    assert [row["body"].get("n") for row in rows] == [1, 3, None, None]
    assert "ana" in ratchet("audit", "tail").out
    segment = next(iter((state / "audit").glob("*.jsonl")))
    segment.write_bytes(segment.read_bytes().replace(b'"n":2', b'"n":7'))
    bad = ratchet("audit", "verify")
    assert bad.code == 1
    assert "NOT SOUND at record" in bad.out


def test_the_demo_holds_only_when_everything_does(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = {
        "campaign": "k",
        "report": {"champion": "k-c1", "status": "x", "speedup": 9.0, "speedup_low": 8.0, "speedup_high": 10.0},
        "verdicts": {"accepted": 1},
        "spent": {},
    }
    hostile = {"campaign": "bad"}
    audit = {"ok": True, "records": 5, "first_bad": None, "problem": ""}
    verdicts = ["denied:EDIT-OUTSIDE", "failed:wrong", "killed:pids"]

    def problems(**changes: object) -> list[str]:
        given = {"honest": honest, "hostile": hostile, "audit": audit, **changes}
        return list(demo.assess(given["honest"], given["hostile"], given["audit"])["problems"])  # type: ignore[arg-type]

    rows = [{"candidate": f"bad-c{at}", "verdict": verdict, "reasons": ()} for at, verdict in enumerate(verdicts)]
    monkeypatch.setattr(demo, "attempts", lambda campaign: rows)
    assert problems() == []
    assert "no speed-up" in problems(honest={**honest, "report": {**honest["report"], "speedup_low": 0.9}})[0]  # type: ignore[dict-item]
    assert "faults of ours" in problems(honest={**honest, "verdicts": {"inconclusive": 2}})[0]
    assert "not sound" in problems(audit={**audit, "ok": False})[0]
    assert "campaign failed" in problems(hostile={**hostile, "failure": "x"})[0]
    rows[1]["verdict"] = "accepted"
    rows.pop()
    assert [text.split(" ended as ")[1] for text in problems()] == [
        "accepted, not as failed or quarantined",
        "never decided, not as killed or quarantined",
    ]


def test_the_set_up_time_is_told_only_when_it_was_just_now(tmp_path: Path) -> None:
    assert demo.set_up_seconds(tmp_path) is None
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "setup.json").write_text(json.dumps({"finished": 0, "wall_seconds": 3.0}))
    assert demo.set_up_seconds(tmp_path) is None
