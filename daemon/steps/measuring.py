"""Measuring two trees against each other: by evidence until a decision, or a fixed number of pairs for a report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from statistics import fmean
from typing import Any

from daemon.house import House
from daemon.records.canonical import canonical
from daemon.search.accept import Acceptance, Decision, Rule, difference_gains, log_ratio_gains
from daemon.search.intervals import Interval, mean_interval
from daemon.search.steady import gains_over, steady
from daemon.steps.effects import DAEMON, effect
from daemon.steps.integrity import intact
from daemon.steps.maxima import bounds, measuring_maximum
from daemon.steps.opening import Wanted, opened
from kernels.target import Target
from sandbox.judging import CandidateFault, JudgeSettings, Pair, Session
from workflows.models import Account

FIRST, BATCH = 8, 4
"""Pairs before the first look at the evidence, and between two later ones: each look waits for the arms to be quiet."""
TOTAL_ALPHA = 0.05
"""Chance of even one false acceptance in a whole campaign."""
CALIBRATION_PAIRS = 10
STEADY = "steady"


@dataclass(frozen=True)
class Outcome:
    """Gains (log speed-up or metric difference) with their interval, and the test's decision where one was asked."""

    gains: tuple[float, ...]
    interval: Interval
    decision: Decision | None = None
    cases: Mapping[str, float] = field(default_factory=dict)
    """Mean gain on each case that was measured."""


def gains_of(target: Target, pairs: Sequence[Pair]) -> list[float]:
    """One gain a pair, positive when the child is better."""
    if target.metric.kind == "time":
        return log_ratio_gains(pairs)
    return difference_gains(pairs, lower_is_better=target.metric.direction == "minimise")


def rule_for(target: Target, sigma: float) -> Rule:
    """The acceptance rule of a target at a noise level."""
    return Rule(sigma=sigma, min_effect=target.min_effect(), max_pairs=target.judge.max_pairs)


def until_decided(session: Session, target: Target, rule: Rule, alpha: float) -> Outcome:
    """Pairs on the visible cases until the e-process accepts or gives up."""
    acceptance = Acceptance(rule, alpha)
    gains: list[float] = []
    by_case: dict[str, list[float]] = {}
    while not gains or acceptance.decision.outcome == "undecided":
        count = min(BATCH if gains else FIRST, rule.max_pairs - len(gains))
        pairs = session.pairs(max(1, count), "visible")
        fresh = gains_of(target, pairs)
        acceptance.add(fresh)
        gains += fresh
        for pair, gain in zip(pairs, fresh, strict=True):
            by_case.setdefault(pair.case, []).append(gain)
    cases = {case: fmean(found) for case, found in sorted(by_case.items())}
    return Outcome(tuple(gains), mean_interval(gains), acceptance.decision, cases)


def fixed(session: Session, target: Target, count: int, suite: str) -> Outcome:
    """A number of pairs that was fixed beforehand, for a report or a re-measure."""
    gains = gains_of(target, session.pairs(count, suite))
    return Outcome(tuple(gains), mean_interval(gains))


def screened(house: House, campaign: str, session: Session, target: Target, parent_tree: str) -> Outcome | None:
    """What the child's check alone decides: it is no better than a parent whose value never differs. Else None.

    It may only reject, so that it saves a parent's run and never grants anything.
    """
    if target.metric.kind != "score":
        return None
    known = json.loads(house.once.get(STEADY, f"{campaign}/{parent_tree}") or "{}")
    cases = gains_over(known, session.checked, lower_is_better=target.metric.direction == "minimise")
    if not cases or fmean(cases.values()) > target.min_effect():
        return None
    gain = fmean(cases.values())
    return Outcome((gain,), mean_interval([gain]), cases=cases)


@contextmanager
def measuring(
    house: House,
    step: str,
    *,
    campaign: str,
    candidate: str,
    target: Target,
    trees: tuple[str, str],
    suite: str,
    body: Mapping[str, Any],
    seed: bytes = b"",
    enough: Callable[[Session], bool] = lambda session: False,
) -> Iterator[Session]:
    """Measure `trees` (child, parent) as one effect: reserved, recorded, the child built and right on `suite`.

    The seed of the inputs comes from the operating system, unless it is given; it is committed to the audit log before
    the run and revealed after it. A measurement on the `sealed` suite counts as one query of it. A fault of the
    candidate is a result: the effect is recorded as done before it is raised. `enough` says of the checked child
    whether nothing more will be measured: then the next session has its turn while this one is looked at once more.

    Raises CandidateFault, InfrastructureError, RefusedError (the judge is not what it was), BudgetExceeded (before
    anything happened).
    """
    body = {**body, "suite": suite, "image": house.image(), "manifest": target.manifest()}
    settings = JudgeSettings.model_validate(target.judge_settings(target.folder))
    body |= bounds(settings.run_limits, settings.runtime)
    reserve: dict[Account, int] = {**measuring_maximum(target), **({"sealed_queries": 1} if suite == "sealed" else {})}
    fault: CandidateFault | None = None
    with effect(house, step, campaign=campaign, candidate=candidate, reserve=reserve, body=body) as taken:
        judge = house.judges.get(campaign, target, house.image())
        wanted = Wanted(campaign, candidate, step, target, trees, seed)
        tell = partial(house.audit.append, actor=DAEMON, campaign=campaign, candidate=candidate)
        try:
            with (
                intact(house, campaign, candidate, target),
                opened(house, judge, wanted, tell, taken) as (session, seat),
            ):
                tell("seed.committed", body={"step": step, "sha256": hashlib.sha256(session.seed).hexdigest()})
                try:
                    if suite == "sealed":
                        taken.add("sealed_queries", 1)
                    seat.enter()
                    session.build("child")
                    session.check("child", suite, lambda: seat.leave() if enough(session) else None)
                    yield session
                    seat.leave()
                    if target.metric.kind == "score" and suite == "visible":
                        _learn(house, campaign, session, trees[0])
                finally:
                    taken.add("cpu_ms", session.cpu_seconds() * 1000)
                    if session.measured or session.checked:
                        pairs = [pair.model_dump() for pair in session.measured]
                        taken.raw = house.blobs.put(canonical(pairs or [{"checked": session.checked}]))
                    tell("seed.revealed", body={"step": step, "seed": session.seed.hex()}, durable=False)
        except CandidateFault as error:
            fault = error
    if fault is not None:
        raise fault


def _learn(house: House, campaign: str, session: Session, tree: str) -> None:
    """Keep what the child reached, where that never differed: its own children may be screened by it.

    Only its own measurement counts, and what is kept outlives the daemon, so that neither the order of candidates in
    flight nor a crash decides who is screened.
    """
    values = {case: [value] for case, value in session.checked.items()}
    for pair in session.measured:
        values.setdefault(pair.case, []).append(pair.child)
    if known := steady(values):
        house.once.keep(STEADY, f"{campaign}/{tree}", json.dumps(known))
