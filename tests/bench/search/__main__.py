"""`make bench-search`: best score against evaluations, for our strategies, plain sampling and installed peers."""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from daemon.search.operators import Shares
from daemon.search.picking import Strategy
from tests.bench.search import ours, peers
from tests.bench.search.kept import Kept
from tests.bench.search.tasks import Task, tasks

OURS: tuple[Strategy, ...] = ("epsilon-greedy", "best", "islands", "moving-midpoint", "sigmoid-children", "clade")
NOTHING = Shares()
Run = Callable[[Task, int, int], list[float]]
BARS = "▁▂▃▄▅▆▇█"


def by(strategy: Strategy) -> Run:
    """One of our strategies, plain changes only: the same proposals as everybody else's."""
    return lambda task, seed, count: ours.run(task, strategy, seed, count, NOTHING)


def peer(name: str) -> Run:
    """Another framework."""
    python, code = peers.installed()[name]
    return lambda task, seed, count: peers.run(python, code, task, seed, count)


def spark(curve: list[float], low: float, high: float, width: int = 24) -> str:
    """Best so far, as a line of bars on a scale that a task's rows share."""
    points = [curve[min(len(curve) - 1, i * len(curve) // width)] for i in range(width)]
    span = high - low or 1.0
    return "".join(BARS[min(7, int((point - low) / span * 8))] for point in points)


def main() -> None:
    """Print a table a task. Losses are in it like everything else."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluations", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--task", choices=[task.name for task in tasks()], action="append")
    parser.add_argument("--search", action="append", help="only these rows, by their names in the table")
    parser.add_argument("--keep", type=Path, help="file of finished curves: they are not made again")
    given = parser.parse_args()
    rows: dict[str, Run] = {f"ours: {name}": by(name) for name in OURS}
    rows["best of N samples"] = lambda task, seed, count: ours.sampled(task, seed, count)
    rows |= {name: peer(name) for name in peers.installed()}
    rows = {name: run for name, run in rows.items() if not given.search or name in given.search}
    count, seeds = given.evaluations, range(given.first_seed, given.first_seed + given.seeds)
    kept = Kept(given.keep)
    print(f"median best score of {given.seeds} seeds after N evaluations, one at a time, and the range at {count};")
    print("ours runs its search core and acceptance rule in process, without containers; the others have their default")
    print("settings, less embeddings and what else would need a network; kernel is a model, nothing in it is timed")
    for name in sorted(set(peers.PEERS) - set(peers.installed())):
        print(f"not measured, since it is not in RATCHET_BENCH_PEERS: {name}")
    for task in tasks():
        if given.task and task.name not in given.task:
            continue
        report(
            task,
            {name: [curve(kept, task, name, run, seed, count) for seed in seeds] for name, run in rows.items()},
            count,
        )


def curve(kept: Kept, task: Task, name: str, run: Run, seed: int, count: int) -> list[float]:
    """The kept curve, or a new one."""
    key = (task.name, name, seed, count)
    found = kept.get(key)
    if found is None:
        found = run(task, seed, count)
        kept.add(key, found)
    return found


def report(task: Task, found: dict[str, list[list[float]]], count: int) -> None:
    """One task's rows, best median first."""
    marks = [count // 4, count // 2, count]
    whole = [value for curves in found.values() for curve in curves for value in curve]
    print(f"\n{task.name}\n| search | {' | '.join(map(str, marks))} | range | best so far |\n| --- |{' --- |' * 5}")
    ends = {name: statistics.median(curve[-1] for curve in curves) for name, curves in found.items()}
    for name in sorted(ends, key=lambda one: -ends[one]):
        curves = found[name]
        cells = [f"{statistics.median(curve[min(mark, len(curve)) - 1] for curve in curves):.4f}" for mark in marks]
        last = [curve[-1] for curve in curves]
        middle = sorted(curves, key=lambda curve: curve[-1])[len(curves) // 2]
        picture = spark(middle, min(whole), max(whole))
        print(f"| {name} | {' | '.join(cells)} | {min(last):.4f} to {max(last):.4f} | {picture} |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
