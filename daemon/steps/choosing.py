"""Which candidate comes next: the search's pick over the archive, checked by the gate and kept."""

from __future__ import annotations

from daemon.decisions import refused
from daemon.gateway.catalogue import LOCAL_PREFIX
from daemon.genomes.current import proposing
from daemon.house import House
from daemon.records.rows import CandidateRow
from daemon.search.archipelago import Map
from daemon.search.operators import Shares
from daemon.search.picking import Pick, Plan, pick, strategy_for
from daemon.search.streams import stream
from daemon.steps.budgets import budget_facts, models_of, short_of
from daemon.steps.effects import DAEMON, recorded
from daemon.steps.maxima import candidate_maximum
from daemon.steps.models import may_use
from daemon.steps.receiving import taken
from kernels.target import Target
from workflows.models import CampaignFacts, CampaignSpec, Choice
from workflows.outside import OUTSIDE, Submission
from workflows.ports import RefusedError

TUNER = f"{LOCAL_PREFIX}tuner"


def choose(
    house: House, spec: CampaignSpec, facts: CampaignFacts, number: int, submission: Submission | None = None
) -> Choice:
    """Draw the next candidate, or take the one that was handed in, and reserve its place.

    The archive keeps the choice: asking twice is harmless.
    """
    if submission is None and spec.model == OUTSIDE:
        raise RefusedError("OUTSIDE", "nobody has handed in a candidate")
    candidate = f"{facts.campaign}-c{number}"
    target = house.target(spec.target)
    plan = plan_of(spec, facts, target)
    row = house.archive.get(candidate)
    if row is None:
        picked = taken(submission) if submission else pick(plan, house.populations.of(facts.campaign), number)
        asked = {**candidate_maximum(target), "candidates": 1}
        question = budget_facts(house, facts.campaign, spec, "candidate", asked, model=picked.models[0])
        decision = house.decide("budget", question, campaign=facts.campaign, candidate=candidate)
        if not decision.permitted:
            raise short_of(decision) or refused(decision)
        may_use(house, facts.campaign, spec.target, picked.models[0], candidate)
        house.ledger.reserve(facts.campaign, f"{candidate}/place", {"candidates": 1})
        house.ledger.settle(f"{candidate}/place", {"candidates": 1})
        row = _row(house, spec, facts, number, candidate, picked)
        body = {"parent": row.parent, "model": row.model, "decision": decision.decision_id, "arm": row.arm}
        made = {"operator": row.operator, "second": row.second, "strategy": picked.strategy, "level": picked.level}
        if not recorded(house, "candidate.chosen", facts.campaign, candidate):
            house.audit.append(
                "candidate.chosen",
                actor=DAEMON,
                campaign=facts.campaign,
                candidate=candidate,
                body={**body, **made},
            )
        row = house.archive.put(row)
    return Choice(
        number=number,
        candidate=candidate,
        parent=row.parent,
        model=row.model,
        seed=stream(spec.seed, "candidate", number).getrandbits(31),
        fallbacks=tuple(model for model in plan.models if model != row.model),
        roles={str(role): model for role, model in spec.roles.items()},
        arm=row.arm,
        operator=row.operator,
        second=row.second,
        inspirations=row.inspirations,
        genome=row.genome,
        submitted=submission.bundle if submission else "",
    )


def plan_of(spec: CampaignSpec, facts: CampaignFacts, target: Target) -> Plan:
    """What of the campaign the search depends on."""
    models = models_of(spec)
    return Plan(
        campaign=facts.campaign,
        seed=spec.seed,
        seed_candidate=facts.seed_candidate,
        strategy=strategy_for(facts.target.kind, spec.strategy),
        models=models,
        patience=facts.patience,
        shares=shares_of(spec, models),
        control=spec.control_arm,
        map=Map(target.search.islands, target.search.migrate_every),
    )


def shares_of(spec: CampaignSpec, models: tuple[str, ...]) -> Shares:
    """The asked shares, less what a model cannot do: a script answers the same whatever it is shown, and the tuner
    cannot read a log."""
    if any(model.startswith(LOCAL_PREFIX) and model != TUNER for model in models):
        return Shares()
    return Shares(spec.crossover, 0.0 if TUNER in models else spec.fix)


def _row(
    house: House, spec: CampaignSpec, facts: CampaignFacts, number: int, candidate: str, picked: Pick
) -> CandidateRow:
    return CandidateRow(
        campaign=facts.campaign,
        number=number,
        candidate=candidate,
        parent=picked.parent,
        model=picked.models[0],
        genome="" if spec.model == OUTSIDE else proposing(house, spec, facts, number, picked.parent),
        arm=picked.arm,
        operator=picked.operator,
        second=picked.second,
        inspirations=picked.inspirations,
    )
