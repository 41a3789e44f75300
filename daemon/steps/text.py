"""Text that came from models or candidates, made fit to be shown to people, and to models of the daemon's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path


def plain(text: str) -> str:
    """Printable characters only: the text comes from a model and is shown in terminals."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:2000]


def chat_about(prompt: Path, word: str, told: Mapping[str, object]) -> list[dict[str, str]]:
    """The chat: the system's words are ours alone; the rest is JSON in ASCII between marks that its author could not
    know. `word` says what stands between them."""
    data = json.dumps(told, ensure_ascii=True)
    mark = hashlib.sha256(data.encode()).hexdigest()[:16]
    content = f"[[{mark} {word}]]\n{data}\n[[{mark} end]]"
    return [{"role": "system", "content": prompt.read_text("utf-8")}, {"role": "user", "content": content}]
