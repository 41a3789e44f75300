"""Text that came from models, made fit to be shown."""

from __future__ import annotations


def plain(text: str) -> str:
    """Printable characters only: the text comes from a model and is shown in terminals."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:2000]
