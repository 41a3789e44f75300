"""Logs made short for a prompt: lines that repeat are told once, with how often."""

from __future__ import annotations

import re

ALIKE = 3
"""Lines in a row that differ in their numbers alone: so many are shown, the others counted."""
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?")


def fold(text: str, limit: int = 4000) -> str:
    """The text with runs of equal lines, and of lines alike but for numbers, folded; then its middle cut to `limit`.

    The beginning of a log names the first error and the end the last one: both stay.
    """
    folded: list[str] = []
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        end = at
        while end < len(lines) and lines[end] == lines[at]:
            end += 1
        if end - at > 1:
            folded += [lines[at], f"[{end - at} times]"] if lines[at].strip() else [""]
            at = end
            continue
        shape = _shape(lines[at])
        while end < len(lines) and shape.strip("# ") and _shape(lines[end]) == shape:
            end += 1
        end = max(end, at + 1)
        folded += lines[at : min(end, at + ALIKE)]
        if end - at > ALIKE:
            folded.append(f"[{end - at - ALIKE} more like it]")
        at = end
    return _middle_out("\n".join(folded), limit)


def _shape(line: str) -> str:
    return _NUMBER.sub("#", line)


def _middle_out(text: str, limit: int) -> str:
    mark = "\n[…]\n"
    if len(text) <= limit or limit <= len(mark):
        return text[:limit]
    room = limit - len(mark)
    return text[: room - room // 2] + mark + text[len(text) - room // 2 :]
