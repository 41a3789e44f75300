"""The author's side of a target: loads `evaluator.py` and gives its functions one checked, typed face."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .faults import TargetError

Case = dict[str, Any]
OUT = "out"
"""Marks, in the list of arguments, the place of the next output's pointer (targets in C)."""
MOST_FIGURES = 12
"""Of one case's profile."""
REQUIRED = ("cases", "arguments", "outputs", "check")


@dataclass
class Draw:
    """Fresh content of one case: what goes in, what must come out."""

    case: Case
    arguments: list[Any]
    shapes: list[tuple[tuple[int, ...], np.dtype[Any]]]
    _evaluator: Evaluator
    _expected: Any = None
    _known: bool = False

    @property
    def arrays(self) -> list[np.ndarray[Any, Any]]:
        """The input arrays, in the order of the arguments."""
        return [value for value in self.arguments if isinstance(value, np.ndarray)]

    def check(self, outputs: list[np.ndarray[Any, Any]]) -> str | None:
        """What is wrong with the outputs, or None. The reference is computed once per draw."""
        for index, output in enumerate(outputs):
            if output.dtype.kind in "fc" and not np.isfinite(output).all():
                bad = int(np.count_nonzero(~np.isfinite(output)))
                return f"output {index}: {bad} of {output.size} values are not finite"
        module = self._evaluator.module
        if not self._known:
            reference = getattr(module, "reference", None)
            self._expected = reference(self.case, self.arguments) if reference else None
            self._known = True
        answer = module.check(self.case, self.arguments, outputs, self._expected)
        if answer is not None and not isinstance(answer, str):
            raise TargetError(f"evaluator.check returned {type(answer).__name__}; return None or a sentence")
        return answer

    def score(self, outputs: list[np.ndarray[Any, Any]]) -> float:
        """The metric of checked outputs (score targets)."""
        return float(self._evaluator.module.score(self.case, self.arguments, outputs))

    def agree(self, first: list[np.ndarray[Any, Any]], second: list[np.ndarray[Any, Any]]) -> str | None:
        """What differs between two right answers to this very draw, or None.

        Two answers within the tolerance of `check` agree within it too; a score has to be the same but for rounding.
        An evaluator may say otherwise by an `agree(case, arguments, first, second)` of its own.
        """
        module = self._evaluator.module
        own = getattr(module, "agree", None)
        if own is not None:
            answer = own(self.case, self.arguments, first, second)
            return None if answer is None else str(answer)
        if not hasattr(module, "score"):
            return None
        one, other = self.score(first), self.score(second)
        return None if math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) else f"scores {one:.9g} and {other:.9g}"

    def least_seconds(self, gflops: float, gbytes: float) -> float:
        """Roofline: no machine that does `gflops` and moves `gbytes` a second can be faster than this."""
        work = getattr(self._evaluator.module, "work", None)
        if work is None:
            return 0.0
        flops, moved = work(self.case)
        return float(max(flops / (gflops * 1e9), moved / (gbytes * 1e9)))

    def profile(self, seconds: float, outputs: list[np.ndarray[Any, Any]]) -> dict[str, float]:
        """Figures of a right answer that took `seconds`, for the next proposer: what the evaluator's own
        `profile(case, seconds, outputs)` says, else the rates that its `work` gives. Advice, so what fails is left out.
        """
        module = self._evaluator.module
        own, work = getattr(module, "profile", None), getattr(module, "work", None)
        try:
            if own is not None:
                found = dict(own(self.case, seconds, outputs))
            elif work is not None and seconds > 0:
                flops, moved = work(self.case)
                found = {"GFLOP/s": flops / seconds / 1e9, "GB/s": moved / seconds / 1e9}
            else:
                return {}
            figures = {str(name)[:40]: float(value) for name, value in list(found.items())[:MOST_FIGURES]}
        except Exception:
            return {}
        return {name: value for name, value in figures.items() if math.isfinite(value)}


class Evaluator:
    """One target's evaluator."""

    def __init__(self, path: Path) -> None:
        self.module = _load(path)
        missing = [name for name in REQUIRED if not callable(getattr(self.module, name, None))]
        if missing:
            raise TargetError(f"{path.name}: the function {missing[0]} is missing; see kernels/README.md")

    def cases(self, suite: str, rng: np.random.Generator) -> list[Case]:
        """The cases of a suite."""
        found = self.module.cases(suite, rng)
        if not found or not all(isinstance(case, dict) and isinstance(case.get("name"), str) for case in found):
            raise TargetError(f"evaluator.cases({suite!r}) must return at least one dict, each with a name")
        return list(found)

    def draw(self, case: Case, rng: np.random.Generator) -> Draw:
        """Fresh content for a case."""
        arguments = list(self.module.arguments(case, rng))
        for index, value in enumerate(arguments):
            _check_argument(index, value)
        shapes = [(tuple(shape), np.dtype(kind)) for shape, kind in self.module.outputs(case)]
        if not shapes or any(kind.hasobject for _, kind in shapes):
            raise TargetError("evaluator.outputs must return at least one (shape, dtype) of plain numbers")
        return Draw(case, arguments, shapes, self)


def sizes(draw: Draw) -> tuple[list[int], list[int]]:
    """Bytes of each input array and of each output."""
    return [a.nbytes for a in draw.arrays], [math.prod(shape) * kind.itemsize for shape, kind in draw.shapes]


def _check_argument(index: int, value: Any) -> None:
    scalar = isinstance(value, int | float) and not isinstance(value, bool)
    array = isinstance(value, np.ndarray) and not value.dtype.hasobject and value.flags.c_contiguous
    if not (scalar or array or (isinstance(value, str) and value == OUT)):
        raise TargetError(
            f"evaluator.arguments: argument {index} is {type(value).__name__}; "
            f'give a packed numpy array, an int, a float or "{OUT}"'
        )


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("target_evaluator", path)
    if spec is None or spec.loader is None:
        raise TargetError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise TargetError(f"{path.name}: {type(error).__name__}: {error}") from error
    return module
