"""Probes for imported evaluators, which run beside the candidate: all but the forgery must fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatch

from kernels.probes.probe import NoProbes, Probe

_BODIES: Mapping[str, tuple[str, str]] = {
    "exits": ("ends with success", "import os\nos._exit(0)\n"),
    "leaves": ("raises SystemExit", "import sys\nsys.exit(0)\n"),
    "empty": ("holds nothing", ""),
    "raises": ("raises", "raise ValueError('no')\n"),
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


def imported_probes(metric: str, score: float, editable: tuple[str, ...], seed: Mapping[str, str]) -> Iterator[Probe]:
    """Each replaces every Python file that a candidate may edit. Raises NoProbes when there is none."""
    files = [path for path in seed if path.endswith(".py") and any(fnmatch(path, glob) for glob in editable)]
    if not files:
        raise NoProbes("no Python file of the seed is editable; probes for other languages are not made")
    for name, (does, body) in _BODIES.items():
        yield Probe(name, does, dict.fromkeys(files, body))
    yield Probe("forges", "writes the evaluator's answer", dict.fromkeys(files, _FORGED % (metric, score)), forges=True)
