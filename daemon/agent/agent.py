"""The loop of generation 0: read the task, ask the model, apply its answer, repair a few times, leave a bundle.

Runs as `python3 -I /agent/agent.py` in a runner container: no network, no key, no state. Standard library only.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daemon.agent import bundle, edits, model, prompting
else:
    # Isolated mode leaves the program's own folder off the path.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import bundle
    import edits
    import model
    import prompting

HERE = Path(__file__).resolve().parent
TASK = Path("/task/task.json")
Ask = Callable[[list[dict[str, str]], int], "model.Reply"]


def main() -> int:
    """Exit 0 whenever a bundle was written, an honest failure included."""
    try:
        result = propose(json.loads(TASK.read_text(encoding="utf-8")), model.ask)
    except Exception as error:  # the last resort of a program whose input may be anything
        result = bundle.failed(f"agent-error: {type(error).__name__}: {error}", 0)
    bundle.write(result)
    return 0


def propose(task: dict[str, Any], ask: Ask) -> dict[str, object]:
    """Ask until an answer can be applied or the calls are used up."""
    behaviour = tomllib.loads((HERE / "genome.toml").read_text(encoding="utf-8"))["behaviour"]
    files: dict[str, str] = task["parent"]["files"]
    chat = prompting.messages(task, behaviour)
    problem, warned = "no-calls: the task allows no call", False
    calls = 0
    while calls < int(task["limits"]["calls"]):
        try:
            reply = ask(chat, int(task["limits"]["max_tokens"]))
            calls += 1
        except model.ModelError as error:
            return bundle.failed(f"no-answer: {error.code}: {error}", calls)
        try:
            if reply.cut:
                raise edits.BadAnswer("it was cut off at the token limit; answer with fewer lines")
            found = edits.parse(reply.text, files)
            outside = [path for path in found.files if not editable(path, task["target"].get("editable", []))]
            if outside and not warned and calls < int(task["limits"]["calls"]):
                warned = True
                raise edits.BadAnswer(f"it changes {outside[0]}, which is not editable; such a change is denied")
        except edits.BadAnswer as bad:
            problem = f"malformed-answer: {bad}"
            chat = [*chat[:2], {"role": "assistant", "content": reply.text[:20_000]}, _user(prompting.repair(str(bad)))]
            continue
        # Paths outside the editable ones go out as they are when the model insists: the gate decides, not the agent.
        return bundle.proposed(found.hypothesis, found.files, calls)
    return bundle.failed(problem, calls)


def editable(path: str, globs: list[str]) -> bool:
    """Whether a path matches one of the globs: `*` stays within a folder, `**` does not."""
    return any(re.fullmatch(_pattern(glob), path) for glob in globs)


def _pattern(glob: str) -> str:
    parts = re.split(r"(\*\*/?|\*|\?)", glob)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(known.get(part, re.escape(part)) for part in parts)


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


if __name__ == "__main__":
    raise SystemExit(main())
