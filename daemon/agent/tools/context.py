"""Shows what is known about the task beside its files: notes, papers, earlier results."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.agent.answers import Call
    from daemon.agent.workspace import Trouble, Workspace
else:
    from answers import Call
    from workspace import Trouble, Workspace

USAGE = "context [NAME]: lists the background texts of the task, or shows one"


def run(workspace: Workspace, call: Call) -> str:
    """The list, or the text."""
    texts: dict[str, str] = workspace.task.get("context") or {}
    listed = "\n".join(f"{name} ({len(text)} characters)" for name, text in sorted(texts.items()))
    if not call.words:
        return listed or "there are none"
    name = " ".join(call.words)
    if name not in texts:
        raise Trouble(f"there is no background text {name!r}; there are:\n{listed or 'none'}")
    return str(texts[name])
