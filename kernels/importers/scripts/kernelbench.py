"""Compares a candidate's `ModelNew` with a KernelBench problem's `Model`: first right, then how many times as fast.

Usage: run.py <tree> <answer>. Needs torch in the runner's image. The clock is this process's own.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernels.importers.scripts import ratchet_common as common
else:
    import ratchet_common as common

TRIALS = 5
"""Draws of inputs that must all agree."""
TIMES = 20
"""Timed calls of each, in turns; the median counts."""
TOLERANCE = 1e-4


def main(tree: Path, answer: Path) -> None:
    """Compare and answer with the metric `speedup`."""
    torch = importlib.import_module("torch")
    seed = int(os.environ.get("RATCHET_SEED", "1"))
    problem = common.load(common.HERE / "task" / common.task()["evaluator"], "problem")
    candidate = common.load(tree / common.task()["program"], "candidate")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    models = [_made(torch, kind, problem, seed, device) for kind in (problem.Model, candidate.ModelNew)]
    with torch.no_grad():
        for trial in range(TRIALS):
            torch.manual_seed(seed + trial)
            inputs = _moved(problem.get_inputs(), device)
            expected, found = (model(*_copies(inputs)) for model in models)
            if tuple(found.shape) != tuple(expected.shape):
                common.wrong(answer, f"the shape is {tuple(found.shape)}, not {tuple(expected.shape)}")
                return
            if not torch.allclose(found, expected, atol=TOLERANCE, rtol=TOLERANCE):
                common.wrong(answer, f"trial {trial + 1}: differs by more than {TOLERANCE}")
                return
        seconds: list[list[float]] = [[], []]
        for number in range(2 * TIMES):
            torch.manual_seed(seed + TRIALS + number)
            inputs = _moved(problem.get_inputs(), device)
            seconds[number % 2].append(_timed(torch, models[number % 2], inputs, device))
    common.metrics(answer, {"speedup": median(seconds[0]) / max(median(seconds[1]), 1e-9)})


def _made(torch: Any, kind: Any, problem: Any, seed: int, device: str) -> Any:
    torch.manual_seed(seed)  # the same weights for both
    return kind(*problem.get_init_inputs()).to(device).eval()


def _moved(inputs: list[Any], device: str) -> list[Any]:
    return [value.to(device) if hasattr(value, "to") else value for value in inputs]


def _copies(inputs: list[Any]) -> list[Any]:
    return [value.clone() if hasattr(value, "clone") else value for value in inputs]


def _timed(torch: Any, model: Any, inputs: list[Any], device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    model(*inputs)
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
