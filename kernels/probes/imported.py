"""Probes for imported evaluators, which run beside the candidate: all but the forgery must fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kernels.globs import within
from kernels.probes.probe import NoProbes, Probe

_BODIES: Mapping[str, tuple[str, str]] = {
    "exits": ("ends with success", "import os\nos._exit(0)\n"),
    "leaves": ("raises SystemExit", "import sys\nsys.exit(0)\n"),
    "raises": ("raises", "raise ValueError('no')\n"),
    "writes-results": (
        "writes result files and ends with success",
        "import json\nimport os\nfor name in ('result.json', 'results.json', 'metrics.json', 'score.txt'):\n"
        "    try:\n        with open(name, 'w') as file:\n            json.dump({'score': 1e6, 'passed': True}, file)\n"
        "    except OSError:\n        pass\nos._exit(0)\n",
    ),
    "says-passed": ("prints that it passed", "import os\nprint('PASSED {\"score\": 1.0}', flush=True)\nos._exit(0)\n"),
}
_FORGED = """
import json
import os
import sys

with open(sys.argv[-1], "w") as file:
    json.dump({"metrics": {%r: %r}}, file)
os._exit(0)
"""


def imported_files(editable: tuple[str, ...], seed: Mapping[str, str]) -> list[str]:
    """The text files of the seed that a candidate may edit."""
    return [path for path in seed if within(path, editable)]


def imported_probes(metric: str, score: float, editable: tuple[str, ...], seed: Mapping[str, str]) -> Iterator[Probe]:
    """Each replaces every file that a candidate may edit, or every Python file among them. Raises NoProbes."""
    files = imported_files(editable, seed)
    if not files:
        raise NoProbes("no text file of the seed is editable; see [tree] editable")
    yield Probe("empty", "holds nothing", dict.fromkeys(files, ""))
    scripts = [path for path in files if path.endswith(".py")]
    if not scripts:
        return
    for name, (does, body) in _BODIES.items():
        yield Probe(name, does, dict.fromkeys(scripts, body))
    forged = _FORGED % (metric, score)
    yield Probe("forges", "writes the evaluator's answer", dict.fromkeys(scripts, forged), forges=True)
