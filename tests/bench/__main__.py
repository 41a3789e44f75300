"""`make bench`: seconds per candidate through the daemon, as ratios to the same evaluation without it."""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from daemon.records.chain import records
from sandbox.images.version import tag
from tests.bench import plain
from tests.e2e.house import Daemon

CANDIDATES = 10
REPEATS = 5
STEPS = ("propose", "gate", "commit", "evaluate", "record")


def script(folder: Path, source: str) -> None:
    """Answers that change one constant each: correct, distinct, and without gain."""
    lines = []
    declared = next(line for line in source.splitlines() if line.startswith("#define ROW_TILE"))
    for number in range(2 * CANDIDATES + 1):
        tile = 2000 + number
        change = f"<<<<<<< SEARCH\n{declared}\n=======\n#define ROW_TILE {tile}\n>>>>>>> REPLACE\n"
        lines.append(json.dumps({"answer": f"HYPOTHESIS: a tile of {tile} covers every row\n\nmatmul.c\n{change}"}))
    folder.mkdir()
    (folder / "bench.jsonl").write_text("\n".join(lines) + "\n")


def timed(action: Callable[[], object]) -> float:
    """Median seconds over a few runs."""
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def step_sums(daemon: Daemon) -> dict[str, tuple[float, float]]:
    """Seconds and runs of each step so far."""
    with urllib.request.urlopen(daemon.endpoints["metrics"], timeout=10) as answer:  # noqa: S310
        text = answer.read().decode()
    found = re.findall(r'^ratchet_step_duration_seconds_(sum|count)\{step="(\w+)"\} (\S+)', text, re.MULTILINE)
    values = {(step, kind): float(value) for kind, step, value in found}
    return {step: (values[step, "sum"], values[step, "count"]) for step in STEPS}


def through_the_daemon(daemon: Daemon, in_flight: int) -> tuple[float, dict[str, float], int]:
    """Seconds per candidate (first choice to last record), mean seconds by step, median pairs."""
    before = step_sums(daemon)
    name = daemon.start_campaign(
        model="ratchet/scripted/bench", strategy="iid", candidates=CANDIDATES, in_flight=in_flight, seed=in_flight
    )
    report = daemon.result(name, 600)
    if report["verdicts"] != {"failed": CANDIDATES}:
        sys.exit(f"the bench candidates should all be measured without gain, got {report['verdicts']}")
    mine = [record for record in records(daemon.state / "audit") if record["campaign"] == name]
    decided = [int(one["mono_ns"]) for one in mine if one["kind"] == "candidate.decided"]
    chosen = min(int(one["mono_ns"]) for one in mine if one["kind"] == "candidate.chosen")
    after = step_sums(daemon)
    by_step = {step: (after[step][0] - before[step][0]) / (after[step][1] - before[step][1]) for step in STEPS}
    pairs = [row.pairs for row in daemon.rows(name) if row.pairs]
    return (max(decided) - chosen) / 1e9 / CANDIDATES, by_step, round(statistics.median(pairs))


def trees(folder: Path, seed: Path) -> tuple[Path, Path]:
    """Parent and child, as the script changes them."""
    parent, child = folder / "parent", folder / "child"
    for place in (parent, child):
        shutil.copytree(seed, place)
        place.chmod(0o755)
    source = child / "matmul.c"
    source.write_text(source.read_text().replace("ROW_TILE 1024", "ROW_TILE 2000", 1))
    return parent, child


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ratchet-bench-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        daemon = Daemon(folder, RATCHET_SCRIPTS=str(folder / "scripts"))
        script(folder / "scripts", (daemon.targets / "matmul" / "seed" / "matmul.c").read_text())
        daemon.start()
        try:
            measured = {count: through_the_daemon(daemon, count) for count in (1, 2)}
        finally:
            daemon.stop()
        pairs = measured[1][2]
        parent, child = trees(folder, daemon.targets / "matmul" / "seed")
        program = Path(shutil.copy(plain.__file__, folder / "plain.py"))
        bare = [sys.executable, str(program), str(parent), str(child), str(pairs)]
        mounts = [f"--volume={place}:{place}:ro" for place in (program, parent, child)]
        docker = ["docker", "run", "--rm", "--network=none", *mounts, tag(), "python3", *bare[1:]]
        alone = timed(lambda: subprocess.run(bare, check=True, capture_output=True))
        boxed = timed(lambda: subprocess.run(docker, check=True, capture_output=True))
        report(measured, alone, boxed, pairs)


def report(measured: dict[int, tuple[float, dict[str, float], int]], alone: float, boxed: float, pairs: int) -> None:
    """The table, for people."""
    print(f"one candidate of matmul: build, checks and {pairs} interleaved pairs; {CANDIDATES} candidates a row\n")
    print("| what | seconds | beyond the bare evaluation | / bare subprocess | / docker run |")
    print("| --- | --- | --- | --- | --- |")
    rows = [("bare subprocess, no isolation", alone), ("plain docker run", boxed)]
    rows += [(f"Ratchet, {count} in flight", seconds) for count, (seconds, _, _) in measured.items()]
    for what, seconds in rows:
        print(f"| {what} | {seconds:.2f} | {seconds - alone:+.2f} | {seconds / alone:.2f} | {seconds / boxed:.2f} |")
    print("\nmean seconds inside a step, containers included:")
    for count, (_, steps, found) in measured.items():
        shown = ", ".join(f"{step} {seconds:.2f}" for step, seconds in steps.items())
        print(f"  {count} in flight: {shown} ({found} pairs)")


if __name__ == "__main__":
    main()
