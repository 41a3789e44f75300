"""Runs the visible checks on the files as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.agent import trial
    from daemon.agent.answers import Call
    from daemon.agent.workspace import Trouble, Workspace
else:
    import trial
    from answers import Call
    from workspace import Trouble, Workspace

USAGE = "check: runs the visible checks on the files as they stand"


def run(workspace: Workspace, call: Call) -> str:
    """One line; failures are Trouble, a paragraph each."""
    cases = workspace.checks.get("cases") or []
    if not cases:
        return "there are no visible checks; the judge has its own"
    failed = trial.failures(workspace)
    if failed:
        raise Trouble(f"{len(failed)} of {len(cases)} visible checks fail:\n" + "\n".join(failed))
    return f"all {len(cases)} visible checks pass; the judge has others"
