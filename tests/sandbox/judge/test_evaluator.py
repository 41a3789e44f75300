"""Mistakes of a target's author are told as such, never as a candidate's fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.judge.draw import generator
from sandbox.judge.evaluator import Evaluator
from sandbox.judge.faults import TargetError

SOUND = """
import numpy as np
def cases(suite, rng): return [{"name": "one"}]
def arguments(case, rng): return [np.ones(3), 2, 0.5, "out"]
def outputs(case): return [((3,), "float64")]
def check(case, arguments, outputs, expected): return None if outputs[0][0] == expected else "no"
def reference(case, arguments): return 7.0
"""


def load(tmp_path: Path, text: str) -> Evaluator:
    path = tmp_path / "evaluator.py"
    path.write_text(text)
    return Evaluator(path)


def test_a_sound_one_draws_and_checks(tmp_path: Path) -> None:
    import numpy as np

    evaluator = load(tmp_path, SOUND)
    draw = evaluator.draw(evaluator.cases("visible", generator(b""))[0], generator(b""))
    assert draw.check([np.full(3, 7.0)]) is None
    assert draw.check([np.full(3, 6.0)]) == "no"
    assert draw.check([np.array([7.0, np.nan, 7.0])]) == "output 0: 1 of 3 values are not finite"
    assert draw.least_seconds(1.0, 1.0) == 0.0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("def check", "def chek", "the function check is missing"),
        ("import numpy as np", "import numpy as np\n1 / 0", "ZeroDivisionError"),
        ('[{"name": "one"}]', "[]", "at least one dict"),
        ('{"name": "one"}', "{}", "each with a name"),
        ("[np.ones(3), 2,", "[[1, 2], 2,", "argument 0 is list"),
        ("[np.ones(3), 2,", "[np.ones((3, 3)).T[1:], 2,", "argument 0 is ndarray"),
        ("[np.ones(3), 2,", "[np.ones(3), True,", "argument 1 is bool"),
        ('[((3,), "float64")]', "[]", "at least one (shape, dtype)"),
        ('"float64"', "object", "plain numbers"),
        ('else "no"', "else 5", "evaluator.check returned int"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    import numpy as np

    assert old in SOUND
    with pytest.raises(TargetError) as caught:
        evaluator = load(tmp_path, SOUND.replace(old, new))
        draw = evaluator.draw(evaluator.cases("visible", generator(b""))[0], generator(b""))
        draw.check([np.zeros(3)])
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", {}),
        ("def work(case): return 4e9, 2e9", {"GFLOP/s": 2.0, "GB/s": 1.0}),
        (
            "def profile(case, seconds, outputs): return {'misses': outputs[0][0], 'x' * 99: 1}",
            {"misses": 7.0, "x" * 40: 1},
        ),
        ("def profile(case, seconds, outputs): return {'bad': float('nan'), 'good': seconds}", {"good": 2.0}),
        ("def profile(case, seconds, outputs): return {str(n): n for n in range(99)}", {str(n): n for n in range(12)}),
        ("def profile(case, seconds, outputs): return {'a': 'text'}", {}),
        ("def profile(case, seconds, outputs): return None", {}),
        ("def profile(case, seconds, outputs): 1 / 0", {}),
    ],
)
def test_figures_are_advice_and_never_a_fault(tmp_path: Path, more: str, told: dict[str, float]) -> None:
    import numpy as np

    evaluator = load(tmp_path, f"{SOUND}\n{more}\n")
    draw = evaluator.draw(evaluator.cases("visible", generator(b""))[0], generator(b""))
    assert draw.profile(2.0, [np.full(3, 7.0)]) == told
