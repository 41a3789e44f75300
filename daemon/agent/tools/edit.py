"""Changes files. A model calls it by SEARCH/REPLACE blocks and whole files (see prompts/system.md), not by a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.agent.answers import BadAnswer, Call
    from daemon.agent.edits import apply
    from daemon.agent.workspace import Workspace
else:
    from answers import BadAnswer, Call
    from edits import apply
    from workspace import Workspace

USAGE = ""


def run(workspace: Workspace, call: Call) -> str:
    """All blocks or none. They fit the files as they stand; else the parent's, which starts the edit over."""
    try:
        changed = apply(call.blocks, workspace.files)
    except BadAnswer:
        if workspace.files == workspace.base:
            raise
        changed = apply(call.blocks, workspace.base)
        workspace.files = dict(workspace.base)
    workspace.files.update(changed)
    return f"changed {', '.join(sorted(changed))}"
