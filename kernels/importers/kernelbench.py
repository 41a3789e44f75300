"""Problems in KernelBench's shape: one file with `class Model`, `get_inputs()` and `get_init_inputs()`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from kernels.importers.reading import needs
from kernels.importers.task import Imported
from kernels.target import BadTarget

REQUIRED = ("Model", "get_inputs", "get_init_inputs")
PROGRAM = "model_new.py"


def read(problem: Path) -> Imported:
    """The problem as a task: make `ModelNew` compute what `Model` does, faster. Raises BadTarget."""
    try:
        data = problem.read_bytes()
        text = data.decode("utf-8")
        body = ast.parse(text).body
    except OSError as error:
        raise BadTarget(problem, "", f"cannot be read: {error.strerror}", "give the problem's file") from error
    except (UnicodeDecodeError, SyntaxError, ValueError) as error:
        raise BadTarget(problem, "", f"is not Python: {error}", "correct it") from error
    named = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for name in REQUIRED:
        if name not in named:
            raise BadTarget(problem, name, "is missing", "is this a problem of KernelBench?")
    # The first candidate is the reference itself, under the name that candidates have.
    seed = re.sub(r"\bModel\b", "ModelNew", text).encode()
    return Imported(
        source="kernelbench",
        title=f"{problem.stem} (imported)",
        description=(
            f"{PROGRAM} must define ModelNew with the interface, the weights (same seed) and the results of the "
            f"reference Model, and be faster. The metric is the reference's time divided by ModelNew's.\n\n{text}"
        ),
        seed={PROGRAM: seed},
        editable=(PROGRAM,),
        metric="speedup",
        task={"problem.py": data},
        facts={"program": PROGRAM, "evaluator": "problem.py"},
        kind="kernel",
        seconds=300.0,
        min_effect=0.02,
        needs=tuple(needs({"problem.py": data, "run.py": b"import torch"}, ("numpy",))),
    )
