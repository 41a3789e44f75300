"""Small tasks of our own in the shapes of other projects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PROGRAM = """\
import math
# EVOLVE-BLOCK-START
STEP = 0.5
# EVOLVE-BLOCK-END


def closest(goal):
    return round(goal / STEP) * STEP
"""

OPENEVOLVE = {
    "initial_program.py": PROGRAM,
    "evaluator.py": """\
import importlib.util
from openevolve.evaluation_result import EvaluationResult
from helper import GOALS


def _load(path):
    spec = importlib.util.spec_from_file_location("program", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def evaluate_stage1(program_path):
    program = _load(program_path)
    return {"runs": 1.0 if math_ok(program.closest(0.0)) else 0.0}


def math_ok(value):
    return value == 0.0


def evaluate_stage2(program_path):
    return evaluate(program_path)


def evaluate(program_path):
    program = _load(program_path)
    error = sum(abs(goal - program.closest(goal)) for goal in GOALS) / len(GOALS)
    return EvaluationResult(metrics={"combined_score": 1 - error, "note": "text"}, artifacts={"trace": error})
""",
    "helper.py": "GOALS = [float(line) for line in open('goals.txt')]\n",
    "goals.txt": "0.1\n0.7\n1.3\n",
    "config.yaml": """\
llm: {api_key: not-to-be-copied}
prompt: {system_message: "Come closer to the goals. Say \\"less\\" \\\\ more."}
evaluator: {timeout: 20, cascade_evaluation: true, cascade_thresholds: [0.5]}
""",
    "__pycache__/old.pyc": "",
}

SHINKA = {
    "initial.py": PROGRAM.replace("def closest(goal)", "def run(goal)"),
    "evaluate.py": """\
import argparse
from shinka.core import run_shinka_eval


def validate(result):
    return (result >= 0, None if result >= 0 else f"{result} is negative")


def main(program_path, results_dir):
    metrics, correct, problem = run_shinka_eval(
        program_path=program_path,
        results_dir=results_dir,
        experiment_fn_name="run",
        num_runs=3,
        get_experiment_kwargs=lambda number: {"goal": 0.3 + number},
        validate_fn=validate,
        aggregate_metrics_fn=lambda results: {"combined_score": 10 - abs(sum(results) - 3.9), "public": {}},
    )
    print(correct, problem)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path")
    parser.add_argument("--results_dir")
    main(**vars(parser.parse_args()))
""",
}

KERNELBENCH = """\
import torch
import torch.nn as nn


class Model(nn.Module):
    def __init__(self, factor):
        super(Model, self).__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor


def get_inputs():
    return [torch.rand(8)]


def get_init_inputs():
    return [2.0]
"""

TORCH = """\
import contextlib, random, types


class Tensor(list):
    def __mul__(self, factor):
        return Tensor(value * factor for value in self)

    shape = property(lambda self: (len(self),))
    clone = lambda self: Tensor(self)
    to = lambda self, device: self


def rand(count):
    return Tensor(random.random() for _ in range(count))


def allclose(one, other, atol, rtol):
    return all(abs(a - b) <= atol + rtol * abs(b) for a, b in zip(one, other))


class Module:
    __call__ = lambda self, *inputs: self.forward(*inputs)
    to = lambda self, device: self
    eval = lambda self: self


manual_seed = random.seed
no_grad = contextlib.nullcontext
cuda = types.SimpleNamespace(is_available=lambda: False)
"""
"""As much of torch as the problem above needs, as two files: `torch/__init__.py` and `torch/nn.py`."""

REPO = {
    "src/sum.py": """\
def total(values):
    result = 0
    for value in values:
        result += value
    return result
""",
    "bench.py": """\
import dis
from src.sum import total

assert total([1, 2]) == 3
print("METRIC steps=1")
print("METRIC steps=%d" % len(list(dis.get_instructions(total))))
""",
    ".git/config": "[core]\n",
}


def plant(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a task's files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


EXERCISM = {
    ".meta/config.json": '{"files": {"solution": ["spans.py"], "test": ["spans_test.py"]}}\n',
    ".meta/e.py": "def spans(days):\n    return (days // 7, days % 7)\n",
    ".docs/instructions.md": "# Instructions\n\nSplit a number of days into weeks and days.\n",
    "spans.py": "def spans(days):\n    pass\n",
    "spans_test.py": """\
import unittest
from spans import spans


class SpansTest(unittest.TestCase):
    def test_none(self):
        self.assertEqual(spans(0), (0, 0))

    def test_a_week(self):
        self.assertEqual(spans(7), (1, 0))

    def test_more(self):
        self.assertEqual(spans(10), (1, 3))

    @unittest.skip("not yet")
    def test_skipped(self):
        self.assertEqual(spans(1), (0, 1))
""",
}
"""Four tests; the skipped one can never pass, which shows that a skip is no pass."""

INSTANCE = {
    "instance_id": "weeks-1",
    "problem_statement": "spans() forgets the days that are left.",
    "patch": "the reference solution: not-to-be-copied",
    "test_patch": """\
diff --git a/tests/test_spans.py b/tests/test_spans.py
--- a/tests/test_spans.py
+++ b/tests/test_spans.py
@@ -2,3 +2,7 @@

 def test_none():
     assert spans(0) == (0, 0)
+
+
+def test_left():
+    assert spans(10) == (1, 3)
""",
    "FAIL_TO_PASS": '["tests/test_spans.py::test_left"]',
    "PASS_TO_PASS": ["tests/test_spans.py::test_none"],
}
SWEBENCH = {
    "weeks/__init__.py": "def spans(days):\n    return (days // 7, 0)\n",
    "tests/test_spans.py": "from weeks import spans\n\ndef test_none():\n    assert spans(0) == (0, 0)\n",
}
