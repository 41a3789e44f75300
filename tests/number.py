"""A target of one number: nothing is drawn and nothing is timed, so two runs of one campaign are the same."""

from __future__ import annotations

from pathlib import Path

TARGET = """\
name = "number"
title = "One number"
kind = "kernel"
integrity = "isolated"
description = "value() returns a number; more is better, up to ten."

[tree]
editable = ["number.py"]

[metric]
name = "value"
kind = "score"
direction = "maximise"
min_effect = 0.1

[build]
language = "python"
file = "number.py"
symbol = "value"
"""
JUDGE = '''\
"""Judge side of `number`."""


def cases(suite, rng):
    return [{"name": "one"}]


def arguments(case, rng):
    return [1]


def outputs(case):
    return [((1,), "float64")]


def check(case, arguments, outputs, expected):
    return None if 0 <= outputs[0][0] <= 10 else "out of bounds"


def score(case, arguments, outputs):
    return float(outputs[0][0])
'''
TUNABLE = "LEVEL = 2  # tunable: 2 3 4 5\n\n\ndef value(_):\n    return [LEVEL + 0.5]\n"
"""A seed that the offline model can improve. It starts above what cheats answer, so that none is as good."""


def place_number(targets: Path, seed: str) -> None:
    """The target below a folder of targets, with `seed` as what it starts from."""
    place = targets / "number"
    (place / "seed").mkdir(parents=True)
    (place / "target.toml").write_text(TARGET)
    (place / "evaluator.py").write_text(JUDGE)
    (place / "seed" / "number.py").write_text(seed)
