"""Runs a task's hidden tests, by id, on the candidate's tree; the metric is the share that pass of those that should.

Usage: run.py <tree> <answer>

Each test runs in a process of its own. It counts as passed when that process says so twice, by its exit code and by a
report that names exactly this one test as run: code that ends the process early passes nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import unittest
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernels.importers.scripts import ratchet_common as common
else:
    import ratchet_common as common

SECONDS = 60.0
"""Of one test."""


def main(tree: Path, answer: Path) -> None:
    """Run what must go on passing first: a candidate that breaks it is not scored."""
    task = common.task()
    for name in task["tests"]:
        place = tree / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(common.HERE / "task" / name, place)
    report = answer.parent / "report.json"
    broken = sum(not _passes(tree, test, report) for test in task["pass_to_pass"])
    if broken:
        common.wrong(answer, f"{broken} of {len(task['pass_to_pass'])} tests that passed before do not pass any more")
        return
    wanted = task["fail_to_pass"]
    passed = sum(_passes(tree, test, report) for test in wanted)
    print(f"{passed} of {len(wanted)} tests pass")
    common.metrics(answer, {task["metric"]: passed / len(wanted)})


def one(tree: Path, test: str, report: Path) -> int:
    """Run one test in this process: `path::name` by pytest, `module.Class.name` by unittest."""
    sys.path.insert(0, str(tree))
    counts = _by_pytest(test) if "::" in test else _by_unittest(test)
    report.write_text(json.dumps({"test": test, **counts}), "utf-8")
    return 0 if counts == {"run": 1, "passed": 1} else 1


def _passes(tree: Path, test: str, report: Path) -> bool:
    report.unlink(missing_ok=True)
    argv = [sys.executable, "-B", str(Path(__file__).resolve()), "--one", str(tree), test, str(report)]
    quiet = subprocess.DEVNULL  # what hidden tests print is nobody's business but theirs
    try:
        done = subprocess.run(argv, cwd=tree, stdin=quiet, stdout=quiet, stderr=quiet, timeout=SECONDS)
        said = json.loads(report.read_text("utf-8"))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and said == {"test": test, "run": 1, "passed": 1}


def _by_unittest(test: str) -> dict[str, int]:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromName(test).run(result)
    passed = result.wasSuccessful() and not result.skipped and not result.expectedFailures
    return {"run": result.testsRun, "passed": result.testsRun if passed else 0}


def _by_pytest(test: str) -> dict[str, int]:
    import pytest

    outcomes: list[str] = []

    class Counting:
        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.when == "call" or report.outcome != "passed":
                outcomes.append("xfailed" if hasattr(report, "wasxfail") else report.outcome)

    code = pytest.main([test, "-q", "-p", "no:cacheprovider", "--rootdir=."], plugins=[Counting()])
    return {"run": len(outcomes), "passed": outcomes.count("passed") if code == 0 else 0}


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        raise SystemExit(one(Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])))
    main(Path(sys.argv[1]), Path(sys.argv[2]))
