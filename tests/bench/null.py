"""`make bench-null`: a campaign in which no change changes anything. Whatever it accepts is a false gain.

The target is timed from outside like any other, on this machine as noisy as it is, and a gain of any size would do
(`min_effect` 0), which is where false gains come from most easily.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.e2e.house import Daemon

TARGET = {
    "target.toml": """\
name = "null"
title = "A function that no proposal changes"
kind = "program"
description = "mixed(start, count) returns count numbers. LABEL is used nowhere."

[tree]
editable = ["mixed.py"]

[metric]
name = "seconds per call"
kind = "time"
direction = "minimise"
min_effect = 0.0

[build]
language = "python"
file = "mixed.py"
symbol = "mixed"
""",
    "seed/mixed.py": """\
LABEL = 500000  # tunable: 1..1000000


def mixed(start, count):
    found = []
    for number in range(start, start + count):
        for _ in range(4):
            number = (number * 1103515245 + 12345) % 2147483648
        found.append(number)
    return found
""",
    "evaluator.py": """\
import numpy as np


def cases(suite, rng):
    return [{"name": "many", "count": 4000, "timed": True}, {"name": "one", "count": 1, "timed": False}]


def arguments(case, rng):
    return [int(rng.integers(0, 2**31)), case["count"]]


def outputs(case):
    return [((case["count"],), "int64")]


def reference(case, arguments):
    numbers = np.arange(arguments[0], arguments[0] + arguments[1], dtype=np.uint64)
    for _ in range(4):
        numbers = (numbers * np.uint64(1103515245) + np.uint64(12345)) % np.uint64(2147483648)
    return numbers.astype(np.int64)


def check(case, arguments, outputs, expected):
    return None if (outputs[0] == expected).all() else "numbers are wrong"
""",
}


def main() -> None:
    """Run it and say what was accepted; exit code 1 when something was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-null-") as scratch:
        daemon = Daemon(Path(scratch))
        for name, text in TARGET.items():
            place = daemon.targets / "null" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
        daemon.start()
        started = time.monotonic()
        try:
            campaign = daemon.start_campaign(
                target="null", candidates=given.candidates, seed=given.seed, patience=10 * given.candidates
            )
            report = daemon.result(campaign, 60 + 60 * given.candidates)
            rows = daemon.rows(campaign)[1:]
            facts = daemon.query(campaign)
        finally:
            daemon.stop()
            daemon.clear()
    verdicts = Counter(row.verdict for row in rows)
    measured = [row for row in rows if row.pairs]
    pairs = sum(row.pairs for row in measured)
    took = time.monotonic() - started
    print(f"{report['decided']} candidates decided in {took:.0f} s, {len(measured)} of them measured in {pairs} pairs")
    print(f"detectable gain {facts.get('detectable')}; verdicts: {dict(verdicts)}")
    print(f"accepted: {verdicts['accepted']} of {len(measured)}")
    sys.exit(1 if verdicts["accepted"] or not measured else 0)


if __name__ == "__main__":
    main()
