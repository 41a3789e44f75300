"""Measured for a promotion only: the sealed tasks, and some with another model, for both versions afresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from daemon.genomes.current import agent_in_use
from daemon.genomes.scoring import campaign_spec, compare, ordered, told, version_of
from daemon.genomes.trials import Version, run_trials
from daemon.house import House
from daemon.records.rows import CandidateRow
from daemon.records.trials import TrialRow
from daemon.search.intervals import Interval
from daemon.search.paired import Paired, gain_interval, paired
from daemon.steps.budgets import models_of
from daemon.steps.effects import DAEMON
from kernels.bench_agent.suite import Task
from kernels.genome_target import GenomeTarget
from workflows.models import CampaignSpec, CandidateSpec

BASE = "-base"
"""Ends the purpose of trials of the version compared with."""


@dataclass(frozen=True)
class HeldOut:
    """What was measured for the promotion, child against the agent in use."""

    sealed: Paired
    families: dict[str, Paired]
    """The same sealed tasks, by family."""
    transfer_model: str
    transfer: Paired | None
    """With another model; None when the campaign named none."""
    validation: Paired
    against: str
    """Tree hash of the agent in use."""

    def facts(self, report_hash: str) -> dict[str, Any]:
        """For the decision `promote`."""
        return {
            "tasks": self.validation.tasks + self.sealed.tasks,
            "families": {name: found.gain for name, found in sorted(self.families.items())},
            "transfer_model": self.transfer_model,
            "transfer_tasks": self.transfer.tasks if self.transfer else 0,
            "transfer_gain": self.transfer.gain if self.transfer else None,
            "report": report_hash,
        }


def measure(house: House, spec: CandidateSpec, target: GenomeTarget, tree: str, row: CandidateRow) -> HeldOut:
    """Every number comes from kept trials, so that asking again measures nothing again."""
    asked = campaign_spec(house, spec.campaign)
    against = _against(house, row)
    _count_query(house, spec)
    mine, theirs = _both(house, spec, target, tree, against, "sealed", ordered(target.split("sealed"), asked.seed))
    families = {
        family: compare([one for one in mine if one.family == family], theirs)
        for family in sorted({one.family for one in mine})
    }
    other = transfer_model(house, asked)
    transfer: Paired | None = None
    if other:
        tasks = ordered(target.split("validation"), asked.seed)[: target.suite.transfer]
        transfer = compare(*_both(house, spec, target, tree, against, "transfer", tasks, model=other))
    kept = {one.task: one.solved for one in house.trials.of(row.candidate) if one.purpose == "validation"}
    before = {one.task: one.solved for one in house.trials.of(row.parent) if one.purpose == "validation"}
    found = HeldOut(compare(mine, theirs), families, other, transfer, paired(kept, before), against)
    house.audit.append(
        "genome.held-out",
        actor=DAEMON,
        campaign=spec.campaign,
        candidate=row.candidate,
        body={
            "sealed": told(found.sealed),
            "families": {name: told(one) for name, one in families.items()},
            "transfer": told(transfer) if transfer else {},
            "transfer_model": other,
            "against": against,
        },
    )
    return found


def sealed_interval(house: House, row: CandidateRow) -> Interval | None:
    """The gain on the sealed tasks, if they were ever asked for: a campaign's end asks for nothing more."""
    rows = house.trials.of(row.candidate)
    mine = [one for one in rows if one.purpose == "sealed"]
    return gain_interval(compare(mine, [one for one in rows if one.purpose == "sealed" + BASE])) if mine else None


def _against(house: House, row: CandidateRow) -> str:
    """The agent in use when the sealed tasks were first asked for: what a version has to beat, fixed from then on."""
    return house.once.keep("genome-against", row.candidate, agent_in_use(house))


def _both(
    house: House,
    spec: CandidateSpec,
    target: GenomeTarget,
    tree: str,
    against: str,
    purpose: str,
    tasks: Sequence[Task],
    *,
    model: str = "",
) -> tuple[list[TrialRow], list[TrialRow]]:
    def version(genome: str, name: str) -> Version:
        made = version_of(house, spec, genome, name)
        return replace(made, model=model) if model else made

    mine = run_trials(house, target, version(tree, purpose), tasks)
    return mine, run_trials(house, target, version(against, purpose + BASE), tasks)


def _count_query(house: House, spec: CandidateSpec) -> None:
    """One query of the sealed tasks a candidate, booked before the first answer is seen. Raises BudgetExceeded."""
    key = f"{spec.choice.candidate}/sealed"
    house.ledger.reserve(spec.campaign, key, {"sealed_queries": 1})
    house.ledger.settle(key, {"sealed_queries": 1})


def transfer_model(house: House, asked: CampaignSpec) -> str:
    """The other model: the one that the campaign names, else the first of the settings that it did not use."""
    if asked.transfer_model:
        return asked.transfer_model
    names = (entry.name for entry in house.settings.catalogue.models)
    return next((name for name in names if name not in models_of(asked) and "*" not in name), "")
