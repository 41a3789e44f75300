"""Paths that are escapes themselves."""

from typing import Any


def bundles() -> list[dict[str, Any]]:
    return [{"files": {path: {"text": "x"}}} for path in ("\x1b[2J.h", "<script>.h", 'a"} 1\n', "\u202ea.h")]
