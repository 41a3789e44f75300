"""Runs a repository's own commands in the candidate's tree and reads the lines `METRIC name=value` that they print.

Usage: run.py <tree> <answer>
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernels.importers.scripts import ratchet_common as common
else:
    import ratchet_common as common

OUTPUT_LIMIT = 4 * 1024 * 1024


def main(tree: Path, answer: Path) -> None:
    """Checks first, where there are any: a candidate that fails them is not measured."""
    task = common.task()
    for command in task["checks"]:
        code, said = _run(command, tree)
        if code != 0:
            common.wrong(answer, f"the check {command!r} ended with code {code}: {said[-2000:]}")
            return
    code, said = _run(task["command"], tree)
    print(said[-8000:])
    if code != 0:
        common.wrong(answer, f"the command {task['command']!r} ended with code {code}: {said[-2000:]}")
        return
    # The last line of a name counts: programs print them as they go.
    common.metrics(answer, common.read_metrics(said))


def _run(command: str, tree: Path) -> tuple[int, str]:
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.returncode, done.stdout[-OUTPUT_LIMIT:].decode("utf-8", "replace")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
