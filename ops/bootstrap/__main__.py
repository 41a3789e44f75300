"""`python3 -m ops.bootstrap [STEP …]`: prepare this machine. Safe to repeat, and to run twice at once.

Steps: python, docker, image, gvisor, opa, promtool (all of them when none is named), and hip and triton, which only
targets for GPUs need. Exit 0: everything is in place; 1: something is missing, and the remedy is printed; 2: bad
arguments.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (this runs with whatever Python the machine has)
    sys.exit("ratchet needs Python 3.11 or newer; name one with: make PYTHON=python3.11 setup")

import argparse
from collections.abc import Sequence

from ops.bootstrap import engine, gvisor, image, layers, opa, promtool, python_env
from ops.bootstrap.place import CHECKOUT, state, write_json
from ops.bootstrap.runner import Runner, Step

ON_DEMAND = ("hip", "triton")
"""Steps that are done only when they are named: large, and of use to few."""


def steps(lock: str, wanted: list[str], besides: Sequence[str] = ()) -> list[Step]:
    """The steps in the order of the table, each with what must be done before it: those `wanted`, else all that
    everybody needs; and those `besides`."""
    every = [
        Step("python", lambda say: python_env.prepare(say, lock=CHECKOUT / lock)),
        Step("docker", engine.prepare),
        Step("image", image.prepare, after=("docker",)),
        Step("gvisor", gvisor.prepare, after=("docker",), optional=not wanted),
        Step("hip", layers.hip, after=("docker", "image")),
        Step("triton", layers.triton, after=("docker", "image", "python")),
        Step("opa", opa.prepare),
        Step("promtool", promtool.prepare, optional=not wanted),
    ]
    chosen = {*(wanted or [step.name for step in every if step.name not in ON_DEMAND]), *besides}
    return [step for step in every if step.name in chosen]


def main() -> int:
    """Parse, run, report."""
    parser = argparse.ArgumentParser(prog="ops.bootstrap", description="Prepare this machine for Ratchet.")
    parser.add_argument(
        "steps",
        nargs="*",
        metavar="STEP",
        help="python docker image gvisor opa promtool hip triton (default: all but the last two)",
    )
    parser.add_argument("--with", dest="besides", action="append", default=[], choices=ON_DEMAND, help="besides those")
    parser.add_argument("--runtime", action="store_true", help="leave out what only development needs")
    parser.add_argument("--quiet", action="store_true", help="one line when there was nothing to do")
    options = parser.parse_args()
    chosen = steps("requirements.lock" if options.runtime else "requirements-dev.lock", options.steps, options.besides)
    unknown = set(options.steps) - {step.name for step in chosen}
    if unknown:
        parser.error(f"unknown step {', '.join(sorted(unknown))}")
    state().mkdir(parents=True, exist_ok=True)
    runner = Runner(chosen, quiet=options.quiet)
    good = runner.run()
    sys.stderr.write(runner.table(state() / "logs") + "\n")
    if not options.steps:
        write_json(state() / "run/setup.json", runner.record())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
