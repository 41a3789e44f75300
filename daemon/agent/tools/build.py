"""Runs the target's build command on the files as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.agent import trial
    from daemon.agent.answers import Call
    from daemon.agent.workspace import Workspace
else:
    import trial
    from answers import Call
    from workspace import Workspace

USAGE = "build: runs the build command on the files as they stand"


def run(workspace: Workspace, call: Call) -> str:
    """One line; a build that fails is Trouble with the compiler's words."""
    if not workspace.checks.get("build"):
        return "there is nothing to build"
    trial.build(workspace)
    return "it builds"
