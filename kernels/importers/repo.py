"""A repository with an edit scope and a command that prints `METRIC name=value`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from kernels.globs import within
from kernels.importers.reading import read_tree
from kernels.importers.task import Imported
from kernels.target import BadTarget


def read(
    folder: Path,
    *,
    command: str,
    metric: str,
    editable: Sequence[str],
    checks: Sequence[str] = (),
    direction: Literal["minimise", "maximise"] = "maximise",
    seconds: float = 300.0,
) -> Imported:
    """The repository as a task: its tree is the seed, its commands run in each candidate's copy. Raises BadTarget.

    Everything that `editable` does not match (globs) is out of a candidate's reach: keep the command's own files so.
    """
    files = read_tree(folder)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", metric):
        raise BadTarget(folder, "metric", f"{metric!r} is no name", "use letters, digits and _, as METRIC lines do")
    if not command.strip() or not editable:
        raise BadTarget(folder, "", "a command and an edit scope are needed", "give --metric-command and --editable")
    matched = [name for name in files if within(name, editable)]
    if not matched:
        raise BadTarget(folder, "editable", f"{', '.join(editable)} matches no file", "give a glob such as src/**")
    # The first file that the command names is the program; any other is something that the program reads.
    words = (word.removeprefix("./") for word in command.split())
    program = next((word for word in words if word in files), "")
    if program in matched:
        problem = f"matches {program}, which the command runs: a candidate would rewrite its own measure"
        raise BadTarget(folder, "editable", problem, "measure from a file outside the edit scope")
    return Imported(
        source="repo",
        title=f"{folder.resolve().name} (imported)",
        description=f"Improve the metric {metric} ({direction}), as printed by: {command}",
        seed=files,
        editable=tuple(editable),
        metric=metric,
        facts={"command": command, "checks": list(checks)},
        direction=direction,
        seconds=seconds,
        producers=(f"seed/{program}",) if program else (),
    )
