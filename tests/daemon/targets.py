"""Tiny targets, written as an author would write them, and the ways in which authors weaken theirs."""

from __future__ import annotations

from pathlib import Path

from kernels.target import Target, load_target

SCAN_TOML = """
name = "scan"
title = "Prefix sums"
description = "y[i] is the sum of x[0] to x[i]."
kind = "kernel"
[tree]
editable = ["scan.c"]
[metric]
name = "seconds per scan"
kind = "time"
direction = "minimise"
min_effect = 0.05
[build]
language = "c"
argv = ["gcc", "-O1", "-shared", "-fPIC", "-o", "{out}/scan.so", "scan.c", "-lm"]
file = "scan.so"
symbol = "scan"
[judge]
resolution_us = 1.0
"""
SCAN_C = """#include <math.h>
static double slowly(double x) { for (int i = 0; i < 8; i++) x = sin(x) * 1e-300 + x; return x; }
void scan(const float *x, float *y, int n)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++) y[i] = (float)(sum += slowly(x[i]));
}
"""
SCAN = '''import numpy as np


def cases(suite, rng):
    """Edges, and one length that is timed."""
    sizes = [20000] if suite == "visible" else [int(rng.integers(15000, 25000))]
    return [{"name": f"n{n}", "n": n, "timed": n > 1000} for n in (1, 2, 17, *sizes)]


def arguments(case, rng):
    """scan(x, y, n)"""
    return [rng.standard_normal(case["n"], dtype=np.float32), "out", case["n"]]


def outputs(case):
    """One sum for each element."""
    return [((case["n"],), "float32")]


def reference(case, arguments):
    """In float64."""
    return np.cumsum(arguments[0], dtype=np.float64)


def check(case, arguments, outputs, expected):
    """Every element."""
    wrong = ~(np.abs(outputs[0] - expected) <= 1e-5 * np.sqrt(case["n"]))
    return f"{wrong.sum()} elements are wrong" if wrong.any() else None
'''
WORDS_TOML = """
name = "words"
title = "Words of a text"
description = "longest(text) returns the longest word, count(text) how many there are."
kind = "program"
[tree]
editable = ["words.py"]
[metric]
name = "texts"
kind = "score"
direction = "maximise"
min_effect = 0.1
[build]
language = "json"
file = "words.py"
"""
WORDS_PY = """
def longest(text):
    return max(text.split(), key=len)


def count(text):
    return len(text.split())
"""
WORDS = '''import json

import numpy as np


def cases(suite, rng):
    """Two functions."""
    return [{"name": name, "call": name} for name in ("longest", "count")]


def arguments(case, rng):
    """A request in JSON: three to nine words of different lengths."""
    words = ["".join(chr(97 + int(c)) for c in rng.integers(0, 26, n)) for n in rng.permutation(range(2, 9))]
    text = json.dumps({"call": case["call"], "args": [" ".join(words[: int(rng.integers(3, 8))])]})
    return [np.frombuffer(text.encode(), dtype=np.uint8)]


def outputs(case):
    """Room for the answer."""
    return [((4096,), "uint8")]


def check(case, arguments, outputs, expected):
    """Exact."""
    text = json.loads(arguments[0].tobytes())["args"][0].split()
    value = json.loads(outputs[0].tobytes()).get("value")
    right = max(text, key=len) if case["call"] == "longest" else len(text)
    return None if value == right and type(value) is type(right) else f"got {value!r}"


def score(case, arguments, outputs):
    """Right is right."""
    return 1.0
'''
TALLY_TOML = """
name = "tally"
title = "Sum of the numbers of a text"
description = "Reads numbers, prints their sum."
kind = "program"
[tree]
editable = ["main.c"]
[metric]
name = "texts"
kind = "score"
direction = "maximise"
min_effect = 0.1
[build]
language = "program"
argv = ["gcc", "-O1", "-o", "{out}/tally", "main.c"]
file = "tally"
"""
TALLY_C = """#include <stdio.h>
int main(void)
{
    long sum = 0, one;
    while (scanf("%ld", &one) == 1) sum += one;
    printf("%ld\\n", sum);
    return 0;
}
"""
TALLY = '''import json

import numpy as np


def cases(suite, rng):
    """Few and many numbers."""
    return [{"name": f"n{n}", "n": n} for n in (2, 30)]


def arguments(case, rng):
    """Numbers from 2 on."""
    numbers = " ".join(str(int(one)) for one in rng.integers(2, 10**6, case["n"]))
    return [np.frombuffer(json.dumps({"stdin": numbers}).encode(), dtype=np.uint8)]


def outputs(case):
    """Room for the answer."""
    return [((4096,), "uint8")]


def check(case, arguments, outputs, expected):
    """Exact."""
    numbers = json.loads(arguments[0].tobytes())["stdin"].split()
    said = json.loads(outputs[0].tobytes())
    right = said.get("code") == 0 and said.get("value", "").strip() == str(sum(map(int, numbers)))
    return None if right else f"said {said}"


def score(case, arguments, outputs):
    """Right is right."""
    return 1.0
'''

TARGETS = {
    "scan": {"target.toml": SCAN_TOML, "evaluator.py": SCAN, "seed/scan.c": SCAN_C},
    "words": {"target.toml": WORDS_TOML, "evaluator.py": WORDS, "seed/words.py": WORDS_PY},
    "tally": {"target.toml": TALLY_TOML, "evaluator.py": TALLY, "seed/main.c": TALLY_C},
}
WEAKENED = {
    "a check that looks at nothing": (
        "scan",
        'wrong = ~(np.abs(outputs[0] - expected) <= 1e-5 * np.sqrt(case["n"]))',
        "wrong = np.array([False])",
        {"zeros", "ones", "echo", "by-shape"},
    ),
    "content that never changes": (
        "scan",
        'return [rng.standard_normal(case["n"], dtype=np.float32)',
        'return [np.sin(np.arange(case["n"], dtype=np.float32))',
        {"by-shape"},
    ),
    "anything that is text": ("words", "value == right and type(value) is type(right)", "value is not None", {"ones"}),
    "a program's exit code is all": (
        "tally",
        'and said.get("value", "").strip() == str(sum(map(int, numbers)))',
        "",
        {"silent", "says-passed", "echo"},
    ),
}
"""What is wrong → target, its text, the text in its place, probes that must be named."""


def write(folder: Path, name: str, old: str = "", new: str = "") -> Target:
    """One of the targets in a folder, with a text of its evaluator replaced."""
    for path, text in TARGETS[name].items():
        file = folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if path == "evaluator.py" and old:
            assert old in text
            text = text.replace(old, new)
        file.write_text(text, "utf-8")
    return load_target(folder / name)
