"""A repository with an edit scope and a command that prints `METRIC name=value`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

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
    matched = [name for name in files if any(_matches(name, pattern) for pattern in editable)]
    if not matched:
        raise BadTarget(folder, "editable", f"{', '.join(editable)} matches no file", "give a glob such as src/**")
    words = {word.removeprefix("./") for line in (command, *checks) for word in line.split()}
    used = [name for name in matched if name in words]
    told = (
        f"{used[0]} is named in a command and may be edited: a candidate can rewrite its own measure." if used else ""
    )
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
        notes=(told,) if told else (),
    )


def _matches(name: str, pattern: str) -> bool:
    """Globs as in `[tree]`: `*` within a folder, `**` across."""
    parts = [
        ".*" if part == "**" else "[^/]*" if part == "*" else "[^/]" if part == "?" else re.escape(part)
        for part in re.split(r"(\*\*|\*|\?)", pattern)
    ]
    return re.fullmatch("".join(parts), name) is not None
