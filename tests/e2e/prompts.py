"""Every prompt that a daemon ever sent to a model, and what none of them may hold."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from daemon.records.blobs import BlobStore
from daemon.records.chain import records
from tests.e2e.house import CHECKOUT, Daemon

AGENT = CHECKOUT / "daemon" / "agent"
SHINGLE = 40
"""Characters of a piece of an evaluator that no prompt may share with it, blanks left out."""


def prompts(daemon: Daemon) -> Iterator[list[dict[str, str]]]:
    """The chats, from the audit log and the blobs that it names."""
    blobs = BlobStore(daemon.state / "blobs")
    for record in records(daemon.state / "audit"):
        if record["kind"] == "model.call":
            chat: list[dict[str, str]] = json.loads(blobs.get(record["body"]["prompt"]))["messages"]
            yield chat


def seeds(daemon: Daemon) -> set[str]:
    """Every seed of a judge's inputs that was ever revealed, as anybody might write it."""
    found: set[str] = set()
    for record in records(daemon.state / "audit"):
        if record["kind"] == "seed.revealed":
            raw = bytes.fromhex(record["body"]["seed"])
            found |= {raw.hex(), base64.b64encode(raw).decode().rstrip("="), str(int.from_bytes(raw, "big"))}
    return found


def places(daemon: Daemon) -> set[str]:
    """Paths of this host."""
    return {str(path) for path in (daemon.folder, daemon.state, CHECKOUT, Path.home() / ".ssh")}


def shingles(texts: Iterable[str]) -> set[str]:
    """Every run of characters of that length."""
    plain = [re.sub(r"\s+", "", text) for text in texts]
    return {text[at : at + SHINGLE] for text in plain for at in range(len(text) - SHINGLE + 1)}


def evaluator_pieces(target: Path) -> set[str]:
    """Pieces of a target's judge that stand in nothing that is public about the target."""
    judge = [path.read_text("utf-8") for path in target.rglob("*.py") if "seed" not in path.relative_to(target).parts]
    public = [path.read_text("utf-8") for path in (target / "seed").rglob("*") if path.is_file()]
    return shingles(judge) - shingles([*public, (target / "target.toml").read_text("utf-8")])


def hidden_cases(tasks: Path) -> set[str]:
    """What hidden checks of tasks ask and expect, as the agent writes JSON; short ones say nothing."""
    found: set[str] = set()
    for path in tasks.glob("*/tests/cases.json"):
        cases: dict[str, list[dict[str, Any]]] = json.loads(path.read_text("utf-8"))
        shown = json.dumps(cases["visible"])
        for case in cases["hidden"]:
            ask = case["ask"]
            for part in (ask.get("args"), ask.get("steps"), ask.get("stdin"), case.get("expect")):
                text = json.dumps(part)
                if len(text) >= SHINGLE and text not in shown:
                    found.add(text)
    return found


def of_the_system(genome: Path = AGENT) -> str:
    """Everything that the agent itself may say in the role `system`, blanks left out."""
    texts = [path.read_text("utf-8") for path in (*genome.glob("prompts/*.md"), *genome.glob("tools/*.py"))]
    return re.sub(r"\s+", "", "\n".join(texts))


def leaks(daemon: Daemon, *, forbidden: set[str], pieces: frozenset[str] | set[str] = frozenset()) -> list[str]:
    """What is in a prompt and must not be, a line each."""
    found = []
    for chat in prompts(daemon):
        text = "\n".join(one["content"] for one in chat)
        found += [f"{word[:60]!r} is in a prompt" for word in forbidden if word in text]
        found += [f"{piece!r} of a judge is in a prompt" for piece in shingles([text]) & pieces]
    return found


def foreign_in_system(daemon: Daemon, allowed: str) -> list[str]:
    """Lines of system messages that the agent's own files do not have. `- \\`TOOL: x\\`` lines are made of usages."""
    found = []
    for chat in prompts(daemon):
        for line in "\n".join(one["content"] for one in chat if one["role"] == "system").splitlines():
            words = re.sub(r"\s+", "", re.sub(r"^- `TOOL: (.*?)` ", r"\1: ", line))
            if words and words not in allowed:
                found.append(line)
    return found
