"""Measuring two trees against each other: by evidence until a decision, or a fixed number of pairs for a report."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from daemon.house import House
from daemon.search.accept import Acceptance, Decision, Rule, difference_gains, log_ratio_gains
from daemon.search.intervals import Interval, mean_interval
from kernels.target import Target
from sandbox.judging import Pair, Session

FIRST, BATCH = 8, 4
"""Pairs before the first look at the evidence, and between two later ones: each look waits for the arms to be quiet."""
TOTAL_ALPHA = 0.05
"""Chance of even one false acceptance in a whole campaign."""
CALIBRATION_PAIRS = 10


@dataclass(frozen=True)
class Outcome:
    """Gains (log speed-up or metric difference) with their interval, and the test's decision where one was asked."""

    gains: tuple[float, ...]
    interval: Interval
    decision: Decision | None = None


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
    while not gains or acceptance.decision.outcome == "undecided":
        count = min(BATCH if gains else FIRST, rule.max_pairs - len(gains))
        fresh = gains_of(target, session.pairs(max(1, count), "visible"))
        acceptance.add(fresh)
        gains += fresh
    return Outcome(tuple(gains), mean_interval(gains), acceptance.decision)


def fixed(session: Session, target: Target, count: int, suite: str) -> Outcome:
    """A number of pairs that was fixed beforehand, for a report or a re-measure."""
    gains = gains_of(target, session.pairs(count, suite))
    return Outcome(tuple(gains), mean_interval(gains))


@contextmanager
def session(
    house: House, campaign: str, target: Target, key: str, child_tree: str, parent_tree: str, folder: Path
) -> Iterator[tuple[Session, bytes]]:
    """A judging session over two trees of the archive, and the seed its inputs are drawn from.

    The seed comes from the operating system, is committed to the audit log by the caller before the run, and is
    revealed after it.
    """
    seed = os.urandom(32)
    arms = {}
    for arm, tree in (("child", child_tree), ("parent", parent_tree)):
        arms[arm] = folder / arm
        house.trees.export(tree, arms[arm])
    judge = house.judges.get(campaign, target, house.image())
    with house.judges.measuring_cpu() as cpu, judge.session(key, seed, arms, cpuset=cpu) as opened:
        yield opened, seed
