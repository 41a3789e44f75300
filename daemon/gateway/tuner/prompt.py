"""What the tuner reads in a chat: files, company, tried ideas, and how often it was asked to answer again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

_MARKED = re.compile(
    r"^\[\[(?P<mark>\w{8,64}) (?P<name>[^\]\n]+)\]\]\n(?P<text>.*?)\n?^\[\[(?P=mark) end\]\]$", re.M | re.S
)
_FENCED = re.compile(r"^[`*# ]*(?P<path>[\w./+-]+\.\w+)[`*: ]*\n+```[\w+-]*\n(?P<text>.*?)^```$", re.M | re.S)

_HEAD = re.compile(r"[\w./+-]+\.\w+:")


@dataclass(frozen=True)
class Tried:
    """A line of the history."""

    hypothesis: str
    verdict: str
    gain: float


@dataclass(frozen=True)
class Task:
    """What a chat asks for."""

    files: dict[str, str]
    history: list[Tried] = field(default_factory=list)
    second: dict[str, str] = field(default_factory=dict)
    """Files of the other parent, where two are to be joined."""
    inspirations: list[dict[str, str]] = field(default_factory=list)
    """Files of other good candidates."""
    rejected: list[str] = field(default_factory=list)
    """Own earlier answers in this chat, which could not be used."""


def read(messages: list[dict[str, str]]) -> Task:
    """Parse a chat; anything unknown in it is ignored."""
    files: dict[str, str] = {}
    history: list[Tried] = []
    others: list[tuple[str, str]] = []
    users = [message["content"] for message in messages if message.get("role") == "user"]
    for content in users[:1]:
        for block in _MARKED.finditer(content):
            name, text = block.group("name"), block.group("text")
            if name.startswith("file "):
                files[name.removeprefix("file ")] = text
            elif name.startswith(("second ", "inspiration ")):
                others.append((name.partition(" ")[0], text))
            elif name == "history":
                history = [tried for line in text.splitlines() if (tried := _tried(line))]
        if not files:
            files = {block.group("path"): block.group("text") for block in _FENCED.finditer(content)}
    rejected = [message["content"] for message in messages if message.get("role") == "assistant"]
    trees = [(kind, _tree(text, files)) for kind, text in others]
    second = next((tree for kind, tree in trees if kind == "second"), {})
    return Task(files, history, second, [tree for kind, tree in trees if kind == "inspiration"], rejected)


def _tree(text: str, files: dict[str, str]) -> dict[str, str]:
    """Files in a block of several, each below a line `path:`; only those that the parent has too."""
    found: dict[str, list[str]] = {}
    path = before = ""
    for line in text.split("\n"):
        if _HEAD.fullmatch(line) and not before.strip() and line[:-1] not in found:
            path = line[:-1]
            found[path] = []
        elif path:
            found[path].append(line)
        before = line
    return {name: "\n".join(lines).rstrip("\n") + "\n" for name, lines in found.items() if name in files}


def _tried(line: str) -> Tried | None:
    try:
        entry = json.loads(line)
        return Tried(str(entry["hypothesis"]), str(entry["verdict"]), float(entry.get("gain") or 0.0))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
