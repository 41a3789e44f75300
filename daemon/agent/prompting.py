"""From a task to chat messages. Whatever did not come with the genome stands between marks that it cannot forge."""

from __future__ import annotations

import hashlib
import json
import os.path
import re
from typing import Any

PROMPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prompts")
_PLACE = re.compile(r"\{\{(\w+)\}\}")
Messages = list[dict[str, str]]


class Prompter:
    """Makes every message of one chat. The same task gives the same messages: the gateway's journal relies on it."""

    def __init__(self, task: dict[str, Any], behaviour: dict[str, Any], tools: str = "") -> None:
        self._task = task
        self._behaviour = behaviour
        self._tools = tools
        self._mark = _mark(task)

    def opening(self, template: str = "propose", **facts: str) -> Messages:
        """The first two messages of a chat; the role `system` holds the genome's words alone."""
        system = fill(
            _prompt("system"), {"tools": fill(_prompt("tools"), {"usage": self._tools}) if self._tools else ""}
        )
        return [
            {"role": "system", "content": system},
            {"role": "user", "content": self.say(template, **self._facts(), **facts)},
        ]

    def say(self, template: str, **facts: str) -> str:
        """A prompt with its facts."""
        return fill(_prompt(template), facts)

    def quote(self, name: str, text: str) -> str:
        """Foreign text between marks. What could end the marks early is taken out of it."""
        return f"[[{self._mark} {name}]]\n{text.replace(self._mark, '')}\n[[{self._mark} end]]"

    def _facts(self) -> dict[str, str]:
        task, behaviour = self._task, self._behaviour
        target, parent = task["target"], task["parent"]
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
            "description": self.quote("description", str(target.get("description", ""))),
            "files": "\n\n".join(self.quote(f"file {path}", text) for path, text in shown.items()),
            "omitted": f"Not shown, since the tree is large: {', '.join(omitted)}\n" if omitted else "",
            "feedback": self.quote("feedback", feedback),
            "history": self.quote("history", "\n".join(history[-int(behaviour.get("history", 24)) :])),
            "more": "\n\n".join(self._more()),
        }

    def _more(self) -> list[str]:
        """What only some tasks carry, each part with a sentence that says what it is."""
        task, parts = self._task, []
        if task.get("fix"):
            parts.append("The parent failed. Find the cause in its log above and mend it; do not start another idea.")
        titles = {
            "findings": "Found out earlier:",
            "recommendations": "Worth trying:",
            "tasks": "Left by earlier agents:",
        }
        for key, title in titles.items():
            lines = "\n".join(f"- {one}" for one in task.get(key) or [])
            parts += [f"{title}\n\n{self.quote(key, lines)}"] if lines else []
        for other in task.get("inspirations") or []:
            parts.append(f"Another good candidate, as an inspiration:\n\n{self._tree('inspiration', other)}")
        if other := task.get("crossover"):
            parts.append(
                f"Join the best ideas of the parent and of this second parent:\n\n{self._tree('second', other)}"
            )
        if diagnosis := task.get("diagnosis"):
            text = diagnosis if isinstance(diagnosis, str) else json.dumps(diagnosis, ensure_ascii=False, indent=1)
            parts.append(f"What was diagnosed about the parent:\n\n{self.quote('diagnosis', text)}")
        shown, asked_for = _choose(task.get("context") or {}, int(self._behaviour.get("context_bytes", 20_000)))
        parts += [f"Background:\n\n{self.quote(f'context {name}', text)}" for name, text in shown.items()]
        if asked_for:
            parts.append(f"More background, shown by the tool `context`: {self.quote('names', ', '.join(asked_for))}")
        if cases := (task.get("checks") or {}).get("cases"):
            lines = "\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
            parts.append(f"Visible checks; the judge has others:\n\n{self.quote('checks', lines)}")
        return parts

    def _tree(self, name: str, other: dict[str, Any]) -> str:
        text = "\n\n".join(f"{path}:\n{text}" for path, text in sorted((other.get("files") or {}).items()))
        return self.quote(f"{name} {other.get('id', '')}, score {other.get('score')}", text)


def fill(template: str, facts: dict[str, str]) -> str:
    """Put facts in their places, once: text that comes in through a fact is never a template."""
    return _PLACE.sub(lambda match: facts.get(match.group(1), ""), template)


def _prompt(name: str) -> str:
    with open(os.path.join(PROMPTS, f"{name}.md"), encoding="utf-8") as file:
        return file.read()


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
