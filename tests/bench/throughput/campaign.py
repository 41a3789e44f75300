"""One campaign through a whole daemon, and what the audit log says of it afterwards."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from daemon.records.chain import records
from tests.bench.throughput import dial
from tests.bench.throughput.rates import Rates, rates
from tests.e2e.house import Daemon

CPUS = 2
WARMING = 8
"""Candidates of a campaign before, in which the daemon loads what it loads once."""


class Run(NamedTuple):
    """What came out of a campaign."""

    rates: Rates
    containers: float
    """Started for each candidate, the judge's aside."""
    cpu: dict[str, float]
    """CPU milliseconds per candidate, by process of the daemon's tree; the ends of the campaign are in it."""


def measured(candidates: int, in_flight: int, *, model: float, evaluation: float) -> Run:
    """A campaign whose model thinks for `model` seconds and whose evaluation takes `evaluation` seconds."""
    with tempfile.TemporaryDirectory(prefix="ratchet-throughput-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        cpus = ",".join(str(cpu) for cpu in sorted(os.sched_getaffinity(0))[:CPUS])
        daemon = Daemon(folder, RATCHET_SCRIPTS=str(folder / "scripts"), RATCHET_MEASURE_CPUS=cpus)
        dial.write_target(daemon.targets, evaluation)
        dial.write_script(folder / "scripts", candidates, model)
        daemon.start()
        try:
            _campaign(daemon, WARMING, in_flight)
            before = _cpu(daemon)
            name = _campaign(daemon, candidates, in_flight)
            after = _cpu(daemon)
        finally:
            daemon.stop()
        cpu = {kind: (after[kind] - before.get(kind, 0.0)) * 1000 / candidates for kind in after}
        return _read(daemon, name, candidates, cpu)


def _campaign(daemon: Daemon, candidates: int, in_flight: int) -> str:
    name = daemon.start_campaign(
        target=dial.NAME,
        model=f"ratchet/scripted/{dial.NAME}",
        strategy="iid",
        candidates=candidates,
        in_flight=in_flight,
        patience=candidates,
    )
    while daemon.decided(name) < candidates or not daemon.ended(name):
        time.sleep(2.0)
    report = daemon.result(name)
    if report["verdicts"] != {"failed": candidates}:
        sys.exit(f"every candidate of the bench should be evaluated without gain, got {report['verdicts']}")
    return name


def _read(daemon: Daemon, name: str, candidates: int, cpu: dict[str, float]) -> Run:
    mine = [record for record in records(daemon.state / "audit") if record["campaign"] == name]
    asked = [one["body"]["input"] for one in mine if one["kind"] == "decision"]
    specs = [one["spec"] for one in asked if "role" in one]
    proposed = sum(1 for spec in specs if spec["role"] == "propose")
    ahead = sum(1 for spec in specs if spec["role"] == "run" and "-ready-" in spec["name"])
    used = sum(1 for spec in specs if spec["role"] == "run") - ahead
    return Run(
        rates([int(one["mono_ns"]) / 1e9 for one in mine if one["kind"] == "candidate.decided"]),
        # Of those started ahead some were given to a use, and asked about twice.
        containers=(proposed + max(ahead, used)) / candidates,
        cpu=cpu,
    )


def _cpu(daemon: Daemon) -> dict[str, float]:
    """CPU seconds so far of the daemon, of what it started and awaited, and of each of its children, by name."""
    ticks = os.sysconf("SC_CLK_TCK")
    found: dict[int, tuple[int, str, float, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                head, _, tail = (entry / "stat").read_text().rpartition(")")
            except OSError:
                continue
            fields = tail.split()
            own, awaited = (sum(int(fields[index]) for index in pair) / ticks for pair in ((11, 12), (13, 14)))
            found[int(entry.name)] = (int(fields[1]), head.partition("(")[2], own, awaited)
    root = int(daemon.endpoints["pid"])
    spent = {"daemon": found[root][2], "its short-lived programs": found[root][3]}
    for parent, name, own, _ in found.values():
        if parent == root and name in ("temporal", "opa"):
            spent[name] = spent.get(name, 0.0) + own
    return spent
