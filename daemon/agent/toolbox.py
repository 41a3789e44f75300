"""The tools that genome.toml lists, and no other. A tool is a file: `tools/<name>.py` with USAGE and run()."""

from __future__ import annotations

import importlib.util
import os.path
import re
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from daemon.agent.answers import BadAnswer, Call
    from daemon.agent.workspace import Trouble, Workspace
else:
    from answers import BadAnswer, Call
    from workspace import Trouble, Workspace

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tools")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LONGEST = 8000
"""Characters of a tool's result that the model is shown."""


class BadGenome(Exception):
    """genome.toml lists a tool that is no tool."""


class Tool(NamedTuple):
    """One loaded tool."""

    name: str
    usage: str
    """`name ARGUMENTS: what it gives`, one line; empty for one that is not called by a TOOL line."""
    run: Callable[[Workspace, Call], str]
    """The result as text. Raises Trouble when it fails or shows a fault, BadAnswer when the call makes no sense."""


class Toolbox:
    """The tools by name."""

    def __init__(self, names: list[str], folder: str = TOOLS) -> None:
        """Raises BadGenome."""
        self._tools = {name: _load(folder, name) for name in names}

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    def usage(self) -> str:
        """A line for each tool that is called by a TOOL line."""
        parts = [tool.usage.partition(": ") for tool in self._tools.values() if tool.usage]
        return "\n".join(f"- `TOOL: {call}` {gives}" for call, _, gives in parts)

    def run(self, workspace: Workspace, call: Call) -> str:
        """The bounded result of one call. Raises Trouble and BadAnswer, whatever the tool does."""
        tool = self._tools.get(call.tool)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            raise Trouble(f"there is no tool {call.tool[:40]!r}; there are: {known}")
        try:
            return _bounded(tool.run(workspace, call))
        except Trouble as trouble:
            raise Trouble(_bounded(str(trouble))) from trouble
        except BadAnswer:
            raise
        except Exception as error:  # a tool is part of the genome: a child may have spoilt it
            raise Trouble(f"the tool {call.tool} broke: {type(error).__name__}: {str(error)[:300]}") from error


def _load(folder: str, name: str) -> Tool:
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise BadGenome(f"genome.toml lists {name!r}, which is no name of a tool")
    module = _module(os.path.join(folder, f"{name}.py"), name)
    usage, run = getattr(module, "USAGE", None), getattr(module, "run", None)
    if not isinstance(usage, str) or not callable(run):
        raise BadGenome(f"tools/{name}.py needs USAGE, a text, and run(workspace, call)")
    return Tool(name, usage, run)


def _module(path: str, name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(f"tool_{name}", path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise BadGenome(f"genome.toml lists the tool {name!r}, but there is no tools/{name}.py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BadGenome(f"tools/{name}.py cannot be loaded: {type(error).__name__}: {error}") from error
    return module


def _bounded(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]}\n[… {len(text) - _LONGEST} characters left out …]\n{text[-_LONGEST // 2 :]}"
