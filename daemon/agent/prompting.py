"""From a task to chat messages. Whatever did not come with the genome stands between marks that it cannot forge."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

PROMPTS = Path(__file__).resolve().parent / "prompts"
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def messages(task: dict[str, Any], behaviour: dict[str, Any]) -> list[dict[str, str]]:
    """The first two messages of the chat. The same task gives the same messages: the gateway's journal relies on it."""
    return [
        {"role": "system", "content": _prompt("system")},
        {"role": "user", "content": fill(_prompt("propose"), _facts(task, behaviour))},
    ]


def repair(problem: str) -> str:
    """What to say to an answer that could not be used."""
    return fill(_prompt("repair"), {"problem": problem})


def fill(template: str, facts: dict[str, str]) -> str:
    """Put facts in their places, once: text that comes in through a fact is never a template."""
    return _PLACE.sub(lambda match: facts.get(match.group(1), ""), template)


def _prompt(name: str) -> str:
    return (PROMPTS / f"{name}.md").read_text(encoding="utf-8")


def _facts(task: dict[str, Any], behaviour: dict[str, Any]) -> dict[str, str]:
    target, parent = task["target"], task["parent"]
    mark = _mark(task)
    shown, omitted = _choose(parent["files"], int(behaviour.get("files_bytes", 600_000)))
    history = [json.dumps(entry, ensure_ascii=False) for entry in task.get("history", [])]
    feedback = str(parent.get("feedback") or "")[-int(behaviour.get("feedback_chars", 4000)) :]
    return {
        "name": str(target["name"]),
        "title": str(target.get("title", "")),
        "metric": str(target.get("metric", "")),
        "direction": str(target.get("direction", "")),
        "editable": ", ".join(f"`{path}`" for path in target.get("editable", [])),
        "seed": str(task.get("seed", 0)),
        "score": str(parent.get("score")),
        "description": _block(mark, "description", str(target.get("description", ""))),
        "files": "\n\n".join(_block(mark, f"file {path}", text) for path, text in shown.items()),
        "omitted": f"Not shown, since the tree is large: {', '.join(omitted)}\n" if omitted else "",
        "feedback": _block(mark, "feedback", feedback),
        "history": _block(mark, "history", "\n".join(history[-int(behaviour.get("history", 24)) :])),
    }


def _choose(files: dict[str, str], room: int) -> tuple[dict[str, str], list[str]]:
    """Files in order of their paths until the room is used up, and the paths that did not fit."""
    shown: dict[str, str] = {}
    omitted = []
    for path in sorted(files):
        size = len(files[path].encode("utf-8", "replace"))
        if size <= room:
            shown[path] = files[path]
            room -= size
        else:
            omitted.append(path)
    return shown, omitted


def _mark(task: dict[str, Any]) -> str:
    """A word that occurs nowhere in the task: drawn from its hash, so that no author of its text could know it."""
    text = json.dumps(task, sort_keys=True)
    mark = hashlib.sha256(text.encode()).hexdigest()[:12]
    while mark in text:
        mark = hashlib.sha256(mark.encode()).hexdigest()[:12]
    return mark


def _block(mark: str, name: str, text: str) -> str:
    return f"[[{mark} {name}]]\n{text}\n[[{mark} end]]"
