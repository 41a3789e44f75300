"""Runs a task in ShinkaEvolve's shape: `evaluate.py --program_path … --results_dir …`, which leaves two JSON files.

Usage: run.py <tree> <answer>
"""

from __future__ import annotations

import json
import math
import os
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernels.importers.scripts import ratchet_common as common
else:
    import ratchet_common as common


def run_shinka_eval(
    program_path: str,
    results_dir: str,
    experiment_fn_name: str,
    num_runs: int,
    get_experiment_kwargs: Callable[[int], dict[str, Any]] | None = None,
    aggregate_metrics_fn: Callable[[list[Any]], dict[str, Any]] | None = None,
    validate_fn: Callable[[Any], tuple[bool, str | None]] | None = None,
    default_metrics_on_error: dict[str, Any] | None = None,
    **options: Any,
) -> tuple[dict[str, Any], bool, str | None]:
    """That framework's contract: run, validate each run, aggregate, write `metrics.json` and `correct.json`.

    Plotting, early stop and worker options are taken and not used: all runs are done, one after the other.
    """
    metrics: dict[str, Any] = {}
    problem: str | None = None
    seconds: list[float] = []
    try:
        function = getattr(common.load(Path(program_path), "program"), experiment_fn_name)
        results = []
        for number in range(num_runs):
            arguments = get_experiment_kwargs(number) if get_experiment_kwargs else {"seed": number + 1}
            started = time.perf_counter()
            results.append(function(**arguments))
            seconds.append(time.perf_counter() - started)
            valid, complaint = validate_fn(results[-1]) if validate_fn else (True, None)
            if not valid:
                problem = problem or f"run {number + 1} is not valid: {complaint}"
        metrics = dict(aggregate_metrics_fn(results)) if aggregate_metrics_fn else {"runs": len(results)}
        metrics.pop("extra_data", None)
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        metrics = dict(default_metrics_on_error or {"combined_score": 0.0})
    metrics["execution_time_mean"] = sum(seconds) / len(seconds) if seconds else 0.0
    score = metrics.get("combined_score")
    if isinstance(score, float) and not math.isfinite(score):
        problem = problem or f"combined_score is {score}"
    folder = Path(results_dir)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps(metrics, default=str), "utf-8")
    (folder / "correct.json").write_text(json.dumps({"correct": problem is None, "error": problem}), "utf-8")
    return metrics, problem is None, problem


def main(tree: Path, answer: Path) -> None:
    """Evaluate and answer."""
    task = common.task()
    program = tree / task["program"]
    os.chdir(common.HERE / "task")
    original = (common.HERE / task["original"]).read_text("utf-8")
    complaint = common.outside_blocks(original, program.read_text("utf-8", "replace"))
    if complaint:
        common.wrong(answer, complaint)
        return
    offered = {"run_shinka_eval": run_shinka_eval}
    common.stand_in({"shinka": {}, "shinka.core": offered, "shinka.core.wrap_eval": offered})
    results = answer.parent / "results"
    results.mkdir()
    script = common.HERE / "task" / task["evaluator"]
    sys.path.insert(0, str(script.parent))
    sys.argv = [str(script), "--program_path", str(program), "--results_dir", str(results)]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
    correct = json.loads((results / "correct.json").read_text("utf-8"))
    if correct.get("correct") is not True:
        common.wrong(answer, str(correct.get("error") or "the evaluator calls it incorrect"))
        return
    common.metrics(answer, json.loads((results / "metrics.json").read_text("utf-8")))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
