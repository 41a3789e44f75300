"""`make bench-throughput`: candidates per second end to end, beside what the engine itself can do and beside peers.

Everything is on: sandbox, gate, audit log, durability. `--candidates` of the run without waiting (1000), `--waiting`
of the runs in which model and evaluation take a second each (60), `--peers` of the peers' runs without waiting (200).
"""

from __future__ import annotations

import argparse
import os

from tests.bench.search.peers import PEERS, installed
from tests.bench.throughput import peers
from tests.bench.throughput.campaign import Run, measured
from tests.bench.throughput.ceiling import containers_per_second
from tests.bench.throughput.rates import Rates

CONTAINERS = 40
IN_FLIGHT = 8
SECOND = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-throughput")
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--waiting", type=int, default=60)
    parser.add_argument("--peers", type=int, default=200)
    asked = parser.parse_args()
    print(f"{os.cpu_count()} CPUs, load {_load()} at the start; candidates per second\n")
    networked = containers_per_second(CONTAINERS, engines_network=True)
    before = containers_per_second(CONTAINERS)
    quick = measured(asked.candidates, IN_FLIGHT, model=0.0, evaluation=0.0)
    after = containers_per_second(CONTAINERS)
    _table("a model and an evaluation that take no time", asked.candidates, quick.rates)
    ceiling = (before + after) / 2
    most = ceiling / quick.containers
    print(f"the engine alone: {before:.2f} containers/s before and {after:.2f} after, so at {quick.containers:.2f} a")
    print(f"candidate {most:.2f} candidates/s: Ratchet reaches {quick.rates.whole / most:.0%} of it;")
    plain = networked / quick.containers
    print(f"with the network of `docker run --network none` {networked:.2f} containers/s, so {plain:.2f} candidates/s:")
    print(f"Ratchet reaches {quick.rates.whole / plain:.0%} of that")
    _spent(quick)
    slow = measured(asked.waiting, IN_FLIGHT, model=SECOND, evaluation=SECOND)
    _table("a model of 1 s and an evaluation of 1 s, two evaluations at a time", asked.waiting, slow.rates)
    _spent(slow)
    found = installed()
    for name, (python, code) in found.items():
        for count, seconds in ((asked.peers, 0.0), (asked.waiting, SECOND)):
            got = peers.measured(python, code, count, model=seconds, evaluation=seconds)
            _table(f"{name}, model and evaluation of {seconds:g} s, two of each at a time", count, got)
    for name in PEERS.keys() - found.keys():
        print(f"\n{name} was not measured: it is not installed below RATCHET_BENCH_PEERS")


def _table(what: str, candidates: int, got: Rates) -> None:
    print(f"\n{what}; {candidates} candidates, load {_load()}\n")
    print("| whole run | first quarter | last quarter | last / first |")
    print("| --- | --- | --- | --- |")
    print(f"| {got.whole:.2f} | {got.first:.2f} | {got.last:.2f} | {got.last / got.first:.2f} |\n", flush=True)


def _spent(run: Run) -> None:
    shown = ", ".join(f"{name} {ms:.0f}" for name, ms in sorted(run.cpu.items(), key=lambda item: -item[1]))
    print(f"CPU ms a candidate outside of containers: {shown}", flush=True)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
