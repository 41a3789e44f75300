"""Steps 7 and 8 of a genome: the sealed tasks, another model, a report for people, their signatures, then a canary.

In this order, so that who signs has the evidence before them. No policy and no data lets a version of the agent through
without a verified signature of somebody who did not start the campaign.
"""

from __future__ import annotations

from typing import Any

from daemon.genomes import report
from daemon.genomes.heldout import measure
from daemon.genomes.scoring import genome_target
from daemon.house import House
from daemon.search.paired import gain_interval
from daemon.steps.effects import DAEMON, told
from daemon.steps.promote import Question
from workflows.models import CandidateSpec, Edit, Promotion, Scorecard
from workflows.people import Approval

REPORT = "genome-report"
"""Scope under which the blob of a candidate's report is kept."""


def promote(house: House, spec: CandidateSpec, edit: Edit, card: Scorecard, given: list[Approval]) -> Promotion:
    """Measure what was held out, show it to people, ask, and begin the rollout once they have signed."""
    row = house.candidate(spec.choice.candidate)
    if row.promoted:
        return Promotion(status="promoted", gain=row.sealed_gain, low=row.sealed_low, high=row.sealed_high)
    target = genome_target(house, spec.facts.target.name)
    pending = Question(house, spec, edit, card, [])
    first = pending.ask({"status": "pending"})
    if first.deny or first.cause:
        return pending.answer(first)
    found = measure(house, spec, target, edit.tree, row)
    sealed = gain_interval(found.sealed)
    numbers = {"gain": sealed.mean, "low": sealed.low, "high": sealed.high}
    house.archive.put(
        house.candidate(row.candidate).model_copy(
            update={**{f"sealed_{name}": value for name, value in numbers.items()}, "sealed_pairs": found.sealed.tasks}
        )
    )
    shown = house.once.get(REPORT, row.candidate) or house.once.keep(
        REPORT, row.candidate, house.blobs.put(report.write(house, spec, edit, card, found).encode())
    )
    question = Question(house, spec, edit, card, given)
    facts = {"campaign": spec.campaign, "candidate": row.candidate, "action": "promote", "heldout": found.facts(shown)}
    elsewhere = house.decide("genome", facts, campaign=spec.campaign, candidate=row.candidate)
    if not elsewhere.permitted:
        return Promotion(status="refused", reasons=elsewhere.reasons)
    second = question.ask({"status": "done", "rounds": 1, **numbers})
    if not second.permitted or not question.signed:
        return question.answer(second)
    under_trial = house.rollouts.canary()
    if under_trial is not None and under_trial.candidate != row.candidate:
        told = f"{under_trial.candidate} is still under trial; one version at a time"
        return Promotion(status="refused", reasons=(told,))
    return _roll_out(house, spec, edit, question.actor, second.decision_id, elsewhere.require, numbers)


def _roll_out(
    house: House,
    spec: CandidateSpec,
    edit: Edit,
    actor: str,
    decision: str,
    require: dict[str, Any],
    numbers: dict[str, Any],
) -> Promotion:
    """Each line at most once, whichever attempt comes to it; that it is promoted is kept last."""
    target, candidate = spec.facts.target.name, spec.choice.candidate
    known = told(house, candidate)

    def tell(kind: str, who: str, body: dict[str, Any]) -> dict[str, Any]:
        if kind not in known:
            house.audit.append(kind, actor=who, campaign=spec.campaign, candidate=candidate, body=body)
        return known.setdefault(kind, body)

    previous = house.archive.champion(target) or ""
    body = {"previous": previous or spec.facts.seed_candidate, "decision": decision, **numbers}
    body = tell("promote.intent", DAEMON, body=body)
    share = float(require.get("canary_share", 0.0))
    rollout = house.rollouts.start(candidate, edit.tree, share=share, actor=actor)
    if previous != candidate:
        house.archive.promote(target, candidate, actor=actor, decision_id=decision, previous=previous)
    tell("promote.outcome", DAEMON, body=body)
    about = {"rollout": rollout.number, "genome": edit.tree, "share": share, "decision": decision}
    tell("genome.canary", actor, body=about)
    house.archive.put(house.candidate(candidate).model_copy(update={"promoted": True}))
    return Promotion(status="promoted", gain=numbers["gain"], low=numbers["low"], high=numbers["high"])
