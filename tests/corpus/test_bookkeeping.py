"""What surrounds a judgement, in the corpus' house: seeds, seals, rounds, and the uses of the sealed cases."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.records.chain import records
from daemon.steps.campaigns import CampaignSteps
from daemon.steps.promote import PAIRS, ROUNDS
from sandbox.judging import Session
from tests.corpus.case import CASES, Case, load
from tests.corpus.runner import Corpus, Outcome
from workflows.models import Budget, CandidateSpec, Progress, Proposal, StopQuestion
from workflows.ports import RefusedError

pytestmark = [pytest.mark.measures, pytest.mark.docker, pytest.mark.opa, pytest.mark.filterwarnings("ignore")]

FAST = load(CASES / "C12-nearly-five-times")


def judged(corpus: Corpus, target: str, case: Case = FAST) -> tuple[CandidateSpec, Outcome]:
    spec = corpus.spec(target)
    proposal = Proposal(bundle=corpus.house.blobs.put(case.bundle()), hypothesis="h")
    return spec, corpus.judged(spec, proposal, promote=True)


def told(corpus: Corpus, campaign: str) -> list[dict[str, Any]]:
    return [dict(one) for one in records(corpus.home / "audit") if one["campaign"] == campaign]


def test_a_promotion_is_measured_afresh_three_times_with_committed_seeds(corpus: Corpus) -> None:
    corpus.adopt("sweep", "sweep-rounds")
    spec, outcome = judged(corpus, "sweep-rounds")
    assert outcome.verdict == "accepted" and outcome.row.promoted, outcome
    assert ROUNDS == 3 and outcome.row.sealed_pairs == ROUNDS * PAIRS
    seen = told(corpus, spec.campaign)
    rounds = [one["kind"] for one in seen if one["kind"].startswith("sealed-") and one["kind"].endswith("outcome")]
    assert rounds == ["sealed-1.outcome", "sealed-2.outcome", "sealed-3.outcome"]
    assert corpus.house.ledger.statement(spec.campaign)["sealed_queries"].spent == ROUNDS

    commits = {one["body"]["step"]: one for one in seen if one["kind"] == "seed.committed"}
    reveals = {one["body"]["step"]: one for one in seen if one["kind"] == "seed.revealed"}
    assert len(commits) == 1 + 1 + ROUNDS == len(reveals), "noise, evaluation, and each sealed round"
    assert len({one["body"]["seed"] for one in reveals.values()}) == len(reveals)
    for session, commit in commits.items():
        assert commit["seq"] < reveals[session]["seq"]
        assert hashlib.sha256(bytes.fromhex(reveals[session]["body"]["seed"])).hexdigest() == commit["body"]["sha256"]


def test_the_sealed_cases_are_asked_as_often_as_policy_says_and_no_more(corpus: Corpus) -> None:
    corpus.adopt("sweep", "sweep-ledger")
    spec, facts = corpus.open("sweep-ledger", budget=Budget(sealed_queries=ROUNDS - 1))
    with pytest.raises(RefusedError):
        judged(corpus, "sweep-ledger")
    assert corpus.house.ledger.statement(facts.campaign)["sealed_queries"].spent == ROUNDS - 1
    assert corpus.house.archive.champion("sweep-ledger") is None
    report = CampaignSteps(corpus.house).close(spec, facts, Progress(best=facts.seed_candidate))
    assert report.sealed_left == 0


def on_disk(corpus: Corpus, target: str) -> Path:
    return corpus.house.settings.targets / target / "evaluator.py"


def as_mounted(corpus: Corpus, target: str) -> Path:
    judge = corpus.house.judges.get(f"corpus-{target}", corpus.house.target(target), corpus.house.image())
    return judge.programs()["evaluator"] / "evaluator.py"


def judges_own(corpus: Corpus, target: str) -> Path:
    judge = corpus.house.judges.get(f"corpus-{target}", corpus.house.target(target), corpus.house.image())
    return judge.programs()["judge"] / "measure.py"


@pytest.mark.parametrize("where", [on_disk, as_mounted, judges_own])
def test_a_judge_that_changes_during_an_evaluation_halts_the_campaign(
    where: Callable[[Corpus, str], Path], corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = f"sweep-{where.__name__.replace('_', '-')}"
    corpus.adopt("sweep", target)
    spec, facts = corpus.open(target)
    steps, progress = CampaignSteps(corpus.house), Progress(best=facts.seed_candidate)
    question = StopQuestion(campaign=facts.campaign, spec=spec, facts=facts, progress=progress, wall_seconds=1.0)
    assert not steps.stop(question).stop

    real, path = Session.check, where(corpus, target)
    before = path.read_bytes()

    def check(self: Session, *given: Any) -> int:
        path.write_bytes(before + b"# one more line\n")
        return real(self, *given)

    monkeypatch.setattr(Session, "check", check)
    chosen = corpus.spec(target)
    proposal = Proposal(bundle=corpus.house.blobs.put(FAST.bundle()), hypothesis="h")
    try:
        with pytest.raises(RefusedError, match="during an evaluation") as caught:
            corpus.judged(chosen, proposal, promote=True)
    finally:
        path.write_bytes(before)  # programs are shared by content: others use this copy
    assert caught.value.rule == "MANIFEST"
    assert corpus.house.candidate(chosen.choice.candidate).score is None
    assert [one["body"]["when"] for one in told(corpus, facts.campaign) if one["kind"] == "manifest.changed"]

    # As `workflows.candidate` writes it down; the file is what it was, and still nothing further starts.
    row = corpus.house.candidate(chosen.choice.candidate)
    corpus.house.archive.put(row.model_copy(update={"verdict": "denied:MANIFEST"}))
    answer = steps.stop(question)
    assert answer.stop and answer.reason == "manifest" and "judge" in answer.detail


def test_a_judge_that_changed_since_the_start_halts_the_campaign(corpus: Corpus) -> None:
    folder = corpus.adopt("sweep", "sweep-edited")
    spec, facts = corpus.open("sweep-edited")
    before = (folder / "answers.txt").read_bytes()
    (folder / "answers.txt").write_text("other data")
    question = StopQuestion(campaign=facts.campaign, spec=spec, facts=facts, progress=Progress(), wall_seconds=1.0)
    assert CampaignSteps(corpus.house).stop(question).reason == "manifest"
    with pytest.raises(RefusedError, match="since the campaign started"):
        judged(corpus, "sweep-edited")
    (folder / "answers.txt").write_bytes(before)
