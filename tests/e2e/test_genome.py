"""The agent improves itself: edits its own tree, is scored by judges, waits for a signature, and can be taken back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from daemon.records.chain import records
from daemon.records.db import Database, sqlite_url
from daemon.records.kinds import check_kinds
from daemon.records.rollouts import Rollouts
from daemon.records.trials import TrialRow, Trials
from tests.e2e.house import Daemon
from tests.e2e.prompts import hidden_cases, leaks, places, seeds
from tests.e2e.self_improvement import SPLITS, prepare, scripts

pytestmark = pytest.mark.e2e

SPEC = {"target": "genome", "model": "ratchet/scripted/self", "transfer_model": "ratchet/scripted/other", "seed": 1}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon over a small suite, with a person who may sign."""
    folder = tmp_path_factory.mktemp("genome")
    daemon = Daemon(folder, RATCHET_SCRIPTS=str(scripts(folder)))
    prepare(daemon)
    daemon.start()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "ana")], check=True)
    kind, key, *_ = (folder / "ana.pub").read_text().split()
    (daemon.state / "keys" / "allowed_signers").write_text(f"ana {kind} {key}\n")
    yield daemon
    daemon.end()


def database(daemon: Daemon) -> Database:
    return Database(sqlite_url(daemon.state / "records.db"))


def trials(daemon: Daemon, candidate: str) -> list[TrialRow]:
    db = database(daemon)
    try:
        return Trials(db).of(candidate)
    finally:
        db.close()


def kinds(daemon: Daemon, kind: str) -> list[dict[str, object]]:
    return [one for one in records(daemon.state / "audit") if one["kind"] == kind]


def test_the_agent_improves_itself_and_is_taken_back(home: Daemon) -> None:
    daemon = home
    campaign = daemon.start_campaign(candidates=2, in_flight=1, started_by="bo", **SPEC)
    child, cheat = f"{campaign}-c1", f"{campaign}-c2"

    # Killed in the middle of the child's trials: nothing is paid twice, no candidate is lost.
    daemon.until(lambda: len(trials(daemon, child)) >= 2)
    daemon.kill()
    daemon.clear()
    daemon.start()
    daemon.until(lambda: daemon.query(campaign, "holds")["count"])
    answers = kinds(daemon, "model.answer")
    paid = [(one["candidate"], one["body"]["call"], one["body"]["request"]) for one in answers]  # type: ignore[index]
    assert len(paid) == len(set(paid))

    # The child solves what generation 0 cannot, by the judge's word: also sealed tasks, also with another model.
    solved = {purpose: {row.task for row in trials(daemon, child) if row.purpose == purpose and row.solved}
              for purpose in ("validation", "sealed", "sealed-base", "transfer")}  # fmt: skip
    assert solved["validation"] == set(SPLITS["validation"]) and solved["sealed"] == set(SPLITS["sealed"])
    assert not solved["sealed-base"] and len(solved["transfer"]) == 2
    assert not any(row.solved for row in trials(daemon, f"{campaign}-c0"))

    # Nobody but a listed person moves it on; the report says why one should.
    shown = daemon.ratchet("genome", "show", child)
    assert "Held out together: 14 tasks" in shown.stdout and "tools/recall.py" in shown.stdout, shown.stderr
    unsigned = daemon.ratchet("genome", "promote", child, "--by", "ana")
    assert unsigned.returncode != 0 and "must be signed" in unsigned.stderr
    signed = daemon.ratchet("genome", "promote", child, "--by", "ana", "--key", str(daemon.folder / "ana"))
    assert signed.returncode == 0, signed.stderr
    report = daemon.result(campaign)
    assert report["champion"] == child
    rows = {row.candidate: row for row in daemon.rows(campaign)}
    assert rows[child].promoted and rows[child].sealed_pairs == 6

    # The one that gives itself capabilities is denied before anything of it runs.
    assert rows[cheat].verdict == "denied:GENOME-FIELD" and not trials(daemon, cheat)

    # A canary proposes a share of a new campaign; its planted regression takes it back by itself.
    db = database(daemon)
    canary = Rollouts(db).canary()
    assert canary is not None and canary.candidate == child
    planted = daemon.start_campaign(
        candidates=12, in_flight=1, model="ratchet/scripted/planted", started_by="bo", seed=3
    )
    daemon.until(lambda: Rollouts(db).canary() is None)
    daemon.temporal("workflow", "signal", "-w", planted, "--name", "stop")
    assert [one.state for one in Rollouts(db).history()] == ["rolled-back"]
    db.close()
    back = kinds(daemon, "genome.rollback.outcome")
    assert len(back) == 1 and back[0]["candidate"] == child and back[0]["actor"] == "daemon"
    assert "GENOME-DENIALS" in str(back[0]["body"])
    assert daemon.metric('ratchet_genome_rollouts_total{outcome="rolled-back"}') == 1
    assert {row.genome for row in daemon.rows(planted) if row.number} == {rows[child].tree, rows[f"{campaign}-c0"].tree}

    # The whole story, from the two places that people ask.
    story = json.loads(daemon.ratchet("candidate", "show", child, "--json").stdout)
    assert story["trials"]["sealed"] == dict.fromkeys(sorted(SPLITS["sealed"]), "solved")
    last, approved = story["said"][-1], [line for line in story["said"] if line["told"].startswith("approves")]
    assert last["told"].startswith("is taken back: ") and [line["actor"] for line in approved] == ["ana"], story["said"]
    told = {str(one["kind"]) for one in records(daemon.state / "audit") if one["candidate"] == child}
    assert {
        "genome.contract", "genome.scored", "genome.held-out", "hold.approved", "promote.outcome", "genome.canary",
        "genome.rollback.outcome",
    } <= told  # fmt: skip
    assert daemon.ratchet("audit", "verify").returncode == 0

    # What decides was never told: no hidden check, no seed, no path of this host was in any prompt.
    hidden = hidden_cases(daemon.targets / "bench_agent" / "tasks")
    assert len(hidden) >= 20
    assert leaks(daemon, forbidden=hidden | seeds(daemon) | places(daemon)) == []


def test_a_person_takes_a_version_back_by_name(home: Daemon) -> None:
    nothing = home.ratchet("genome", "rollback", "--by", "ana", "--reason", "it feels wrong")
    assert "taken back already" in nothing.stdout + nothing.stderr
    listed = json.loads(home.ratchet("genome", "list", "--json").stdout)
    child = listed["rollouts"][0]["candidate"]
    assert listed["in_use"] == "the agent of the settings"
    key = str(home.folder / "ana")
    forged = home.ratchet("genome", "promote", child, "--by", "eve", "--key", key)
    assert forged.returncode != 0 and "eve" in forged.stderr
    assert home.ratchet("genome", "promote", child, "--by", "ana", "--key", key).returncode == 0
    assert json.loads(home.ratchet("genome", "list", "--json").stdout)["in_use"] == child
    back = home.ratchet("genome", "rollback", child, "--by", "ana", "--reason", "it feels wrong")
    assert back.returncode == 0 and "taken back" in back.stdout, back.stderr
    assert json.loads(home.ratchet("genome", "list", "--json").stdout)["in_use"] == "the agent of the settings"


def test_its_books_agree(home: Daemon) -> None:
    said = home.ratchet("audit", "reconcile")
    assert said.returncode == 0, said.stdout + said.stderr
    assert check_kinds(home.state / "audit") == []
