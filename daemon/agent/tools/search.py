"""Finds a text in all files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.agent.answers import BadAnswer, Call
    from daemon.agent.workspace import Workspace
else:
    from answers import BadAnswer, Call
    from workspace import Workspace

USAGE = "search TEXT: lists the lines of all files that hold the text"
_MOST = 100


def run(workspace: Workspace, call: Call) -> str:
    """`path:line: text` for each place."""
    wanted = " ".join(call.words)
    if not wanted:
        raise BadAnswer("`TOOL: search` needs a text")
    found = [
        f"{path}:{number}: {line.strip()[:200]}"
        for path, text in sorted(workspace.files.items())
        for number, line in enumerate(text.splitlines(), 1)
        if wanted in line
    ]
    more = f"\n… and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "\n".join(found[:_MOST]) + more if found else f"{wanted!r} occurs nowhere"
