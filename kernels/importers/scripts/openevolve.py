"""Runs a task in OpenEvolve's shape: `evaluate(program_path)`, or its cascade, on one program.

Usage: run.py <tree> <answer>
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernels.importers.scripts import ratchet_common as common
else:
    import ratchet_common as common

STAGES = ("evaluate_stage1", "evaluate_stage2", "evaluate_stage3")


class EvaluationResult(SimpleNamespace):
    """Metrics with texts beside them, as evaluators of that framework may return."""

    def __init__(self, metrics: dict[str, Any], artifacts: dict[str, Any] | None = None) -> None:
        super().__init__(metrics=metrics, artifacts=artifacts or {})

    @classmethod
    def from_dict(cls, metrics: dict[str, Any]) -> EvaluationResult:
        """Metrics alone."""
        return cls(metrics)


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
    common.stand_in({"openevolve": {}, "openevolve.evaluation_result": {"EvaluationResult": EvaluationResult}})
    module = common.load(common.HERE / "task" / task["evaluator"], "task_evaluator")
    stages = [getattr(module, name) for name in STAGES if hasattr(module, name)] if task["cascade"] else []
    found, artifacts = _cascade(stages, task["thresholds"], program) if stages else _one(module.evaluate, program)
    for name, value in artifacts.items():
        print(f"{name}: {str(value)[:2000]}")
    if task["metric"] not in found:
        why = found.get("error") or "; ".join(f"{name} {value}" for name, value in found.items())
        common.wrong(answer, f"no {task['metric']}: {why}; {artifacts or ''}".rstrip("; "))
        return
    common.metrics(answer, found)


def _cascade(stages: list[Any], thresholds: list[float], program: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Stage after stage while the threshold of each is reached; later values replace earlier ones."""
    metrics: dict[str, Any] = {}
    artifacts: dict[str, Any] = {}
    for number, stage in enumerate(stages):
        found, texts = _one(stage, program)
        metrics.update(found)
        artifacts.update(texts)
        if number < len(thresholds) and not _reached(found) >= thresholds[number]:
            artifacts["cascade"] = f"stopped after stage {number + 1}: below {thresholds[number]}"
            break
    return metrics, artifacts


def _reached(metrics: dict[str, Any]) -> float:
    """The combined score, else the mean of the numbers: that framework's rule for a stage."""
    numbers = {
        name: float(value) for name, value in metrics.items() if isinstance(value, int | float) and name != "error"
    }
    if "combined_score" in numbers:
        return numbers["combined_score"]
    return sum(numbers.values()) / len(numbers) if numbers else 0.0


def _one(function: Any, program: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    value = function(str(program))
    if inspect.iscoroutine(value):
        value = asyncio.run(value)
    if hasattr(value, "metrics"):
        return dict(value.metrics), dict(getattr(value, "artifacts", None) or {})
    if not isinstance(value, dict):
        raise TypeError(f"the evaluator returned {type(value).__name__}, not a dict of metrics")
    texts = value.get("artifacts")
    return dict(value), dict(texts) if isinstance(texts, dict) else {}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
