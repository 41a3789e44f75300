"""One campaign through a whole daemon, and what the audit log says of it afterwards."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from daemon.records.chain import records
from tests.bench.throughput import dial
from tests.e2e.house import Daemon

CPUS = 2


@dataclass(frozen=True)
class Run:
    """What came out of a campaign."""

    rate: float
    """Candidates per second, from the first that was decided to the last."""
    first: float
    last: float
    """The same over the first and over the last quarter of them."""
    containers: float
    """Started for each candidate, the judge's aside."""
    cpu: dict[str, float]
    """CPU milliseconds per candidate, by process of the daemon's tree."""


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
            before = _cpu(daemon)
            name = daemon.start_campaign(
                target=dial.NAME,
                model=f"ratchet/scripted/{dial.NAME}",
                strategy="iid",
                candidates=candidates,
                in_flight=in_flight,
                patience=candidates,
            )
            report = daemon.result(name, 3600)
            after = _cpu(daemon)
        finally:
            daemon.stop()
        if report["verdicts"] != {"failed": candidates}:
            sys.exit(f"every candidate of the bench should be evaluated without gain, got {report['verdicts']}")
        cpu = {kind: (after[kind] - before.get(kind, 0.0)) * 1000 / candidates for kind in after}
        return _read(daemon, name, candidates, cpu)


def _read(daemon: Daemon, name: str, candidates: int, cpu: dict[str, float]) -> Run:
    mine = [record for record in records(daemon.state / "audit") if record["campaign"] == name]
    decided = sorted(int(one["mono_ns"]) / 1e9 for one in mine if one["kind"] == "candidate.decided")
    asked = [
        one["body"]["input"]["spec"] for one in mine if one["kind"] == "decision" and "spec" in one["body"]["input"]
    ]
    proposed = sum(1 for spec in asked if spec["role"] == "propose")
    ahead = sum(1 for spec in asked if spec["role"] == "run" and "-ready-" in spec["name"])
    used = sum(1 for spec in asked if spec["role"] == "run") - ahead
    quarter = max(len(decided) // 4, 2)
    return Run(
        rate=_rate(decided),
        first=_rate(decided[:quarter]),
        last=_rate(decided[-quarter:]),
        # Of those started ahead some were given to a use, and asked about twice.
        containers=(proposed + max(ahead, used)) / candidates,
        cpu=cpu,
    )


def _rate(times: list[float]) -> float:
    return (len(times) - 1) / (times[-1] - times[0])


def _cpu(daemon: Daemon) -> dict[str, float]:
    """CPU seconds so far of the daemon and each of its children, by name."""
    ticks = os.sysconf("SC_CLK_TCK")
    parents: dict[int, tuple[int, str, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                head, _, tail = (entry / "stat").read_text().rpartition(")")
            except OSError:
                continue
            fields = tail.split()
            spent = sum(int(fields[index]) for index in (11, 12)) / ticks
            parents[int(entry.name)] = (int(fields[1]), head.partition("(")[2], spent)
    root = int(daemon.endpoints["pid"])
    found: dict[str, float] = {}
    for pid, (parent, name, spent) in parents.items():
        ancestor = pid
        while ancestor not in (0, root) and ancestor in parents:
            ancestor = parents[ancestor][0]
        if ancestor == root:
            kind = "daemon" if pid == root else name
            found[kind] = found.get(kind, 0.0) + spent
    return found
