"""Step 5 and 6 of a genome: contract, then trials by stages, then the evidence of wins and losses against its parent.

The parent's trials are kept and used for each of its children: under the null hypothesis child and parent are alike on
every task, whichever trials of the parent are at hand, and the shares of α add up whether or not the tests of several
children depend on each other. A parent that was chosen for its luck only makes its children's bar higher. The sealed
tasks are run afresh for both before a promotion.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from daemon.genomes.contract import broken_contract
from daemon.genomes.trials import Version, run_trials
from daemon.house import House
from daemon.records.rows import CandidateRow
from daemon.records.trials import TrialRow
from daemon.search.accept import alpha_for
from daemon.search.paired import Paired, e_value, gain_interval, paired, reachable, wins_needed
from daemon.search.streams import stream
from daemon.steps.budgets import models_of
from daemon.steps.effects import DAEMON
from daemon.steps.measuring import TOTAL_ALPHA
from kernels.bench_agent.suite import Task
from kernels.genome_target import GenomeTarget
from workflows.models import CampaignSpec, CandidateSpec, Edit, Scorecard
from workflows.ports import RefusedError

VALIDATION = "validation"


def evaluate(house: House, spec: CandidateSpec, edit: Edit) -> Scorecard:
    """The scorecard, kept in the archive before it is returned. A candidate is given up early, never accepted early."""
    target = genome_target(house, spec.facts.target.name)
    if target.manifest() != spec.facts.target.manifest:
        raise RefusedError("MANIFEST", f"a task of {target.name} changed during the campaign; start a new one")
    parent = house.candidate(spec.choice.parent)
    child = version_of(house, spec, edit.tree, VALIDATION)
    problem = broken_contract(house, child)
    house.audit.append(
        "genome.contract",
        actor=DAEMON,
        campaign=spec.campaign,
        candidate=spec.choice.candidate,
        body={"genome": edit.tree, "problem": problem},
    )
    if problem:
        card = Scorecard(verdict="failed:contract", feedback=f"The changed agent is no agent any more: {problem}")
    else:
        card = _staged(house, spec, target, child, parent)
    _keep(house, spec, card)
    return card


def measure_seed(
    house: House, spec: CampaignSpec, target: GenomeTarget, seed: CandidateRow, image: str
) -> float | None:
    """Run the seed on all validation tasks: its share solved is its score. Returns the smallest gain that a child of it
    can be accepted for, as a share of the tasks; None when none can.

    Raises RefusedError when the seed breaks the contract: then nothing could be compared with it.
    """
    version = Version(
        campaign=seed.campaign,
        candidate=seed.candidate,
        number=0,
        genome=seed.tree,
        purpose=VALIDATION,
        model=models_of(spec)[0],
        seed=spec.seed,
        image=image,
    )
    problem = broken_contract(house, version)
    if problem:
        raise RefusedError("TARGET", f"the agent in use breaks the contract of agents: {problem}")
    tasks = ordered(target.split("validation"), spec.seed)
    rows = run_trials(house, target, version, tasks)
    solved = sum(row.solved for row in rows)
    house.archive.put(house.candidate(seed.candidate).model_copy(update={"score": solved / len(rows)}))
    wins = wins_needed(1 / alpha_for(1, TOTAL_ALPHA, planned=spec.candidates), len(rows) - solved)
    return None if wins is None else max(wins / len(rows), target.metric.min_effect)


def genome_target(house: House, name: str) -> GenomeTarget:
    """The target, which has to be a genome. Raises RefusedError."""
    target = house.target(name)
    if not isinstance(target, GenomeTarget):
        raise RefusedError("TARGET", f"{name} is no target of kind genome")
    return target


def version_of(house: House, spec: CandidateSpec, genome: str, purpose: str, *, candidate: str = "") -> Version:
    """A version under test on the account of the candidate, with the campaign's first model."""
    asked = campaign_spec(house, spec.campaign)
    return Version(
        campaign=spec.campaign,
        candidate=candidate or spec.choice.candidate,
        number=spec.choice.number if not candidate else house.candidate(candidate).number,
        genome=genome,
        purpose=purpose,
        model=models_of(asked)[0],
        seed=asked.seed,
        image=spec.facts.image,
    )


def campaign_spec(house: House, campaign: str) -> CampaignSpec:
    """What was asked for when the campaign started. Raises RefusedError."""
    row = house.archive.campaign(campaign)
    if row is None:
        raise RefusedError("ARCHIVE", f"campaign {campaign!r} is not in the archive")
    return CampaignSpec.model_validate_json(row.spec)


def ordered(tasks: Sequence[Task], seed: int) -> list[Task]:
    """The tasks in the campaign's own order, so that the first few are a fair sample and the same for every version."""
    drawn = list(tasks)
    generator: random.Random = stream(seed, "tasks")
    generator.shuffle(drawn)
    return drawn


def compare(child: Sequence[TrialRow], parent: Sequence[TrialRow]) -> Paired:
    """Wins and losses over the tasks of two versions."""
    return paired({row.task: row.solved for row in child}, {row.task: row.solved for row in parent})


def _staged(house: House, spec: CandidateSpec, target: GenomeTarget, child: Version, parent: CandidateRow) -> Scorecard:
    tasks = ordered(target.split("validation"), child.seed)
    base = version_of(house, spec, parent.tree, VALIDATION, candidate=parent.candidate)
    threshold = 1 / alpha_for(spec.choice.number, TOTAL_ALPHA, planned=spec.facts.planned)
    mine: list[TrialRow] = []
    theirs: list[TrialRow] = []
    found = Paired(0, 0, 0, 0, 0)
    for stage in sorted({min(count, len(tasks)) for count in (*target.suite.stages, len(tasks))}):
        theirs += run_trials(house, target, base, tasks[len(theirs) : stage])
        mine += run_trials(house, target, child, tasks[len(mine) : stage])
        found = compare(mine, theirs)
        left = len(tasks) - stage
        if found.wins < found.losses or not reachable(found.wins, found.losses, left, threshold):
            break
    value = e_value(found.wins, found.losses)
    whole = found.tasks == len(tasks)
    accepted = whole and value >= threshold and found.gain >= target.metric.min_effect
    house.audit.append(
        "genome.scored",
        actor=DAEMON,
        campaign=spec.campaign,
        candidate=child.candidate,
        body={**told(found), "e_value": value, "threshold": threshold, "of": len(tasks), "parent": parent.candidate},
    )
    interval = gain_interval(found)
    return Scorecard(
        verdict="accepted" if accepted else "failed:no-gain",
        score=(parent.score or 0.0) + found.gain,
        gain=found.gain,
        low=interval.low,
        high=interval.high,
        pairs=found.tasks,
        e_value=value,
        threshold=threshold,
        feedback=_words(found, mine, whole),
    )


def told(found: Paired) -> dict[str, int]:
    """The counts for a record."""
    return {
        "tasks": found.tasks,
        "wins": found.wins,
        "losses": found.losses,
        "solved": found.child,
        "parent_solved": found.parent,
    }


def spent_by(rows: Sequence[TrialRow]) -> dict[str, int]:
    """What trials took together."""
    total: Counter[str] = Counter()
    for row in rows:
        total.update(row.spent)
    return dict(total)


def _words(found: Paired, rows: Sequence[TrialRow], whole: bool) -> str:
    """The result in words, for the next proposer: counts only, since these tasks are to stay a fair measure."""
    verdicts = Counter(row.verdict for row in rows if not row.solved)
    failed = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common(5)) or "none"
    tried = "all" if whole else "the first"
    return (
        f"solved {found.child} of {tried} {found.tasks} validation tasks, its parent {found.parent} "
        f"({found.wins} gained, {found.losses} lost); failed: {failed}"
    )


def _keep(house: House, spec: CandidateSpec, card: Scorecard) -> None:
    row = house.candidate(spec.choice.candidate)
    measured = card.model_dump(include={"verdict", "score", "gain", "low", "high", "pairs", "e_value", "threshold"})
    house.archive.put(row.model_copy(update={**measured, "feedback": card.feedback}))
