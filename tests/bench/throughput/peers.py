"""OpenEvolve and ShinkaEvolve over the same waiting model and evaluation, two of each at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.bench.search import mutator, peers, programs, tasks
from tests.bench.throughput.rates import Rates, rates

SIDE_BY_SIDE = {
    "parallel_evaluations = 1": "parallel_evaluations = 2",
    "max_evaluation_jobs=1": "max_evaluation_jobs=2",
    "max_proposal_jobs=1": "max_proposal_jobs=2",
}
SECONDS = 1800.0
PAUSED = """
    import time
    time.sleep(float(os.environ["BENCH_PAUSE"]))
    with open(os.environ["BENCH_LOG"] + ".times", "a") as ends:
        ends.write(f"{time.time()}\\n")
    with open("""
"""Before the evaluation's line of the log."""


def measured(python: Path, code: str, candidates: int, *, model: float, evaluation: float) -> Rates:
    """Ends of evaluations per second; the framework's start does not count."""
    for one, two in SIDE_BY_SIDE.items():
        code = code.replace(one, two)
    original = mutator._completion

    def late(*given: Any) -> dict[str, object]:
        time.sleep(model)
        return original(*given)

    task = tasks.tasks()[0]
    with (
        tempfile.TemporaryDirectory(prefix="bench-peer-") as scratch,
        patch.object(mutator, "_completion", late),
        mutator.Mutator(1) as server,
    ):
        folder = Path(scratch)
        for module in (programs, tasks):
            shutil.copy(str(module.__file__), folder)
        (folder / "initial.py").write_text(programs.program(task.values, task.rules))
        (folder / "evaluate.py").write_text(peers.SCORE.replace("\n    with open(", PAUSED, 1))
        (folder / "run.py").write_text(code)
        facts = {"FOLDER": folder, "TASK": task.name, "LOG": folder / "log", "URL": server.url, "SEED": 1}
        facts |= {"EVALUATIONS": candidates + 1, "PAUSE": evaluation}
        env = {**os.environ, **{f"BENCH_{key}": str(value) for key, value in facts.items()}}
        env |= {"LOCAL_OPENAI_API_KEY": "none"}
        with (folder / "said").open("wb") as said:
            subprocess.run(
                [str(python), str(folder / "run.py")],
                env=env,
                cwd=folder,
                stdout=said,
                stderr=said,
                timeout=SECONDS,
                check=False,
            )
        if not (folder / "log.times").exists():
            raise RuntimeError((folder / "said").read_text(errors="replace")[-2000:])
        return rates([float(line) for line in (folder / "log.times").read_text().split()][1:])
