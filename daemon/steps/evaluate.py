"""Steps 5 and 6: build, check, measure against the parent, and accept only what the evidence carries."""

from __future__ import annotations

import math
from collections.abc import Mapping

from daemon.house import House
from daemon.records.rows import CandidateRow
from daemon.records.soundness import SUSPENDED, out_of_use
from daemon.search.accept import alpha_for
from daemon.search.folding import fold
from daemon.search.intervals import Interval
from daemon.steps.measuring import TOTAL_ALPHA, Outcome, measuring, rule_for, screened, until_decided
from daemon.steps.text import plain
from kernels.target import Target
from sandbox.judging import CandidateFault, Session
from workflows.models import CandidateSpec, Edit, Scorecard

PROFILED = 12
"""Cases whose figures the next proposer is shown."""


def evaluate(house: House, spec: CandidateSpec, edit: Edit) -> Scorecard:
    """The scorecard, kept in the archive before it is returned."""
    target = house.target(spec.facts.target.name)
    parent = house.candidate(spec.choice.parent)
    screen: list[Outcome] = []

    def enough(session: Session) -> bool:
        outcome = screened(house, spec.campaign, session, target, parent.tree)
        screen.extend([outcome] if outcome else [])
        return outcome is not None

    try:
        with measuring(
            house,
            "evaluate",
            campaign=spec.campaign,
            candidate=spec.choice.candidate,
            target=target,
            trees=(edit.tree, parent.tree),
            suite="visible",
            body={"tree": edit.tree, "parent_tree": parent.tree},
            enough=enough,
        ) as session:
            if screen:
                outcome = screen[0]
            else:
                alpha = alpha_for(spec.choice.number, TOTAL_ALPHA, planned=spec.facts.planned)
                outcome = until_decided(session, target, rule_for(target, spec.facts.sigma), alpha)
        card = card_of(target, outcome, parent, session.profile)
    except CandidateFault as fault:
        card = Scorecard(verdict=fault.verdict, feedback=fold(fault.feedback), log=house.blobs.put(fault.log.encode()))
    made_of = house.candidates(*(one for one in (spec.choice.parent, spec.choice.second) if one))
    if any(out_of_use(one.verdict) for one in made_of):
        card = Scorecard(verdict=SUSPENDED, feedback="what it was made from was quarantined meanwhile", log=card.log)
    _keep(house, spec, card)
    return card


def card_of(
    target: Target, outcome: Outcome, parent: CandidateRow, profile: Mapping[str, Mapping[str, float]] | None = None
) -> Scorecard:
    """A scorecard from measured pairs. A gain beyond belief is for a person to look at, never accepted."""
    decision, interval, base = outcome.decision, outcome.interval, parent.score or 0.0
    verdict = "accepted" if decision and decision.outcome == "accepted" else "failed:no-gain"
    if target.metric.kind == "time" and interval.mean > math.log(target.metric.max_gain):
        verdict = "quarantined:implausible"
    return Scorecard(
        verdict=verdict,
        score=None if verdict.startswith("quarantined") else base + interval.mean,
        gain=interval.mean,
        low=interval.low,
        high=interval.high,
        pairs=interval.count,
        e_value=decision.e_value if decision else None,
        threshold=decision.threshold if decision else None,
        feedback="\n".join([_words(target, interval), *_figures(profile or {})]),
        cases={case: parent.cases.get(case, base) + gain for case, gain in outcome.cases.items()},
    )


def _words(target: Target, interval: Interval) -> str:
    """The measurement in words, for the next proposer."""
    if target.metric.kind == "time":
        return f"correct; {math.exp(interval.mean):.3f} times as fast as its parent over {interval.count} pairs"
    return f"valid; {target.metric.name} differs by {interval.mean:+.6g} from its parent over {interval.count} pairs"


def _figures(profile: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A line for each case that has figures, the first cases only."""
    told = [
        (case, ", ".join(f"{value:.4g} {name}" for name, value in found.items())) for case, found in profile.items()
    ]
    return [plain(f"{case}: {figures}") for case, figures in sorted(told)[:PROFILED]]


def _keep(house: House, spec: CandidateSpec, card: Scorecard) -> None:
    row = house.candidate(spec.choice.candidate)
    measured = card.model_dump(include={"verdict", "score", "gain", "low", "high", "pairs", "e_value", "threshold"})
    told = {"feedback": card.feedback, "log": card.log, "cases": card.cases}
    house.archive.put(row.model_copy(update={**measured, **told}))
