"""How long from "run this tree" to the candidate's first instruction: warm, cold, and in a plain `docker run`.

Each candidate's first instruction is to tell the time on its error output; host and containers share the clock.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kernels.target import load_target
from sandbox.docker_backend import DockerBackend
from sandbox.images.version import tag
from sandbox.judging import Judge
from sandbox.payload import place
from sandbox.pool import Bounds

CHECKOUT = Path(__file__).resolve().parents[2]
RUNS = 12
TELLS = "import sys, time\nprint(time.time(), file=sys.stderr, flush=True)\n"


def told(text: bytes | str) -> float:
    """The moment that a candidate told, Unix seconds."""
    return float(text.split()[0])


def plain(folder: Path) -> float:
    """Seconds of a plain `docker run`, without one option of the profile."""
    program = folder / "plain.py"
    program.write_text(TELLS)
    argv = ["docker", "run", "--rm", f"--volume={program}:/plain.py:ro", tag(), "python3", "/plain.py"]
    began = time.time()
    return told(subprocess.run(argv, check=True, capture_output=True).stderr) - began


def ours(judge: Judge, number: int) -> float:
    """Seconds through the judge: a session taken, the tree written, the container assigned, the candidate loaded."""
    source = (CHECKOUT / "kernels" / "packing" / "seed" / "packing.py").read_text()
    began = time.time()
    with judge.take(f"start-{number}") as session:
        program = session.folder("child") / "packing.py"
        program.write_text(TELLS + source.replace("from __future__ import annotations", ""))
        program.chmod(0o644)
        session.build("child")
        session.cpu_seconds()
        return told(session._exits["child"].stderr) - began


def measure(folder: Path) -> dict[str, list[float]]:
    """Runs of each way, interleaved, so that a busy moment meets all of them."""
    backend = DockerBackend(instance=f"bench-{os.urandom(4).hex()}", allowed_roots=[folder])
    target = load_target(CHECKOUT / "kernels" / "packing")
    guest, program = (place(CHECKOUT / "sandbox" / name, folder / "payload") for name in ("guest", "judge"))
    bounds = {"cold": Bounds(), "warm": Bounds(idle=1, seconds=600)}

    def judge_of(kind: str) -> Judge:
        settings = target.judge_settings(place(target.judge_files(), folder / "payload"))
        image = backend.image_id(tag())
        places = (folder / kind, kind, guest, program)
        return Judge(backend, image, settings, *places, bounds=lambda: bounds[kind])

    judges = {kind: judge_of(kind) for kind in bounds}
    found: dict[str, list[float]] = {"plain docker run": [], "cold": [], "warm": []}
    try:
        for judge in judges.values():
            ours(judge, 0)
        for number in range(1, RUNS + 1):
            found["plain docker run"].append(plain(folder))
            found["cold"].append(ours(judges["cold"], number))
            _until(lambda: judges["warm"].ready("") > 0)
            backend.settle()
            found["warm"].append(ours(judges["warm"], number))
    finally:
        for judge in judges.values():
            judge.close()
        backend.settle()
        backend.reap(keep=())
        backend.close()
    return found


def _until(said: Callable[[], bool]) -> None:
    while not said():
        time.sleep(0.01)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ratchet-starts-") as scratch:
        Path(scratch).chmod(0o755)
        found = measure(Path(scratch))
    base = statistics.median(found["plain docker run"])
    print(f"from the tree to the candidate's first instruction, {RUNS} runs each, load {os.getloadavg()[0]:.1f}\n")
    print("| start | median, ms | 95th, ms | / plain docker run |")
    print("| --- | --- | --- | --- |")
    for kind, seconds in found.items():
        middle, late = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
        print(f"| {kind} | {middle * 1000:.0f} | {late * 1000:.0f} | {middle / base:.2f} |")


if __name__ == "__main__":
    main()
