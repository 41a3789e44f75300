"""The bench's own target and model: a dial that is read, and answers that turn it the wrong way."""

from __future__ import annotations

import json
from pathlib import Path

NAME = "dial"
CALLS = 2
"""How often an evaluation calls a candidate: the judge asks for each answer twice."""

SETTINGS = """
name = "dial"
title = "A dial"
kind = "program"
description = "reading() returns the dial's value. The larger the better."

[tree]
editable = ["dial.py"]

[metric]
name = "value"
kind = "score"
direction = "maximise"
min_effect = 0.001

[build]
language = "python"
file = "dial.py"
symbol = "reading"

[resources]
cpus = 1.0
memory_mb = 128
pids = 32
call_seconds = 5
session_seconds = 120

[judge]
max_pairs = 8
"""

SEED = '''"""A dial."""

import time

PAUSE = {pause!r}
VALUE = 0.0


def reading(turn):
    time.sleep(PAUSE)
    return [VALUE]
'''

EVALUATOR = '''"""Judge side of `dial`."""


def cases(suite, rng):
    return [{"name": "dial", "timed": True}]


def arguments(case, rng):
    return [int(rng.integers(0, 1000))]


def outputs(case):
    return [((1,), "float64")]


def check(case, arguments, outputs, expected):
    return None


def score(case, arguments, outputs):
    return float(outputs[0][0])
'''


def write_target(folder: Path, seconds: float) -> None:
    """The target in a targets folder; an evaluation of it takes `seconds` of a candidate's time."""
    place = folder / NAME
    (place / "seed").mkdir(parents=True)
    (place / "target.toml").write_text(SETTINGS)
    (place / "evaluator.py").write_text(EVALUATOR)
    (place / "README.md").write_text("# dial\n")
    (place / "seed" / "dial.py").write_text(SEED.format(pause=seconds / CALLS))


def write_script(folder: Path, candidates: int, seconds: float) -> None:
    """The model `ratchet/scripted/dial`: it thinks for `seconds`, and every answer of it is worse than the seed."""
    folder.mkdir()
    lines = []
    for number in range(1, candidates + 1):
        change = f"<<<<<<< SEARCH\nVALUE = 0.0\n=======\nVALUE = -{number}.0\n>>>>>>> REPLACE\n"
        lines.append(json.dumps({"answer": f"HYPOTHESIS: {number} back\n\ndial.py\n{change}", "seconds": seconds}))
    (folder / f"{NAME}.jsonl").write_text("\n".join(lines) + "\n")
