"""Keeps a finding for the candidates that come after this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.agent.answers import BadAnswer, Call
    from daemon.agent.workspace import Workspace
else:
    from answers import BadAnswer, Call
    from workspace import Workspace

USAGE = "note TEXT: keeps a finding for the candidates that come after this one"


def run(workspace: Workspace, call: Call) -> str:
    """The text is kept as it is, one line."""
    if not call.words:
        raise BadAnswer("`TOOL: note` needs a text")
    workspace.findings.append(" ".join(call.words)[:500])
    return "kept"
