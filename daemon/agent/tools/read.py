"""Shows a file as it stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.agent.answers import BadAnswer, Call
    from daemon.agent.workspace import Trouble, Workspace
else:
    from answers import BadAnswer, Call
    from workspace import Trouble, Workspace

USAGE = "read PATH [FIRST LAST]: shows a file, or the lines FIRST to LAST of it"


def run(workspace: Workspace, call: Call) -> str:
    """The lines, without numbers, so that they can be copied into a SEARCH part."""
    if not call.words:
        raise BadAnswer("`TOOL: read` needs a path")
    path, *numbers = call.words
    if path not in workspace.files:
        raise Trouble(f"there is no file {path}; there are: {', '.join(sorted(workspace.files))}")
    lines = workspace.files[path].splitlines()
    try:
        first, last = (int(numbers[0]), int(numbers[1])) if numbers else (1, len(lines))
    except (ValueError, IndexError):
        raise BadAnswer("`TOOL: read PATH FIRST LAST` takes two line numbers") from None
    return "\n".join(lines[max(first, 1) - 1 : last])
