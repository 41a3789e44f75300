"""The tuner's answer in the asked form: a hypothesis line, then SEARCH/REPLACE blocks or the whole file."""

from __future__ import annotations

import difflib
import re

_MARKER = re.compile(r"^\s*(?:<{5,9} ?SEARCH|={5,9}|>{5,9} ?REPLACE)\s*$", re.MULTILINE)


def answer(hypothesis: str, path: str, old: str, new: str) -> str:
    """An answer that turns `old` into `new`."""
    blocks = None if _MARKER.search(old + "\n" + new) else search_replace(old, new)
    if blocks is None:
        return f"HYPOTHESIS: {hypothesis}\n\n{path}\n{_whole(new)}"
    return f"HYPOTHESIS: {hypothesis}\n\n{path}\n" + "\n".join(blocks)


def search_replace(old: str, new: str) -> list[str] | None:
    """Blocks whose SEARCH lines occur exactly once in `old`; None when the whole file is the shorter way."""
    before, after = old.split("\n"), new.split("\n")
    hunks: list[tuple[int, int, int, int]] = []
    for tag, a, b, x, y in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        a, b, x, y = _widen(before, a, b, x, y)
        if hunks and a <= hunks[-1][1]:
            # Overlapping context: one hunk from the start of the former to the end of this one.
            last = hunks.pop()
            a, x = last[0], last[2]
        hunks.append((a, b, x, y))
    if sum(b - a for a, b, _, _ in hunks) > 0.6 * len(before):
        return None
    if not _applies(before, after, hunks):
        return None
    return [
        "\n".join(["<<<<<<< SEARCH", *before[a:b], "=======", *after[x:y], ">>>>>>> REPLACE", ""])
        for a, b, x, y in hunks
    ]


def _widen(before: list[str], a: int, b: int, x: int, y: int) -> tuple[int, int, int, int]:
    """Add equal lines above, then below, until the searched lines occur once."""
    while a == b or not any(line.strip() for line in before[a:b]) or _count(before, before[a:b]) > 1:
        if a > 0:
            a, x = a - 1, x - 1
        elif b < len(before):
            b, y = b + 1, y + 1
        else:
            break
    return a, b, x, y


def _applies(before: list[str], after: list[str], hunks: list[tuple[int, int, int, int]]) -> bool:
    """Whether each search is unique at its turn: an earlier replacement may have brought its lines in again."""
    lines, moved = before, 0
    for a, b, x, y in hunks:
        if _count(lines, before[a:b]) != 1:
            return False
        lines = [*lines[: a + moved], *after[x:y], *lines[b + moved :]]
        moved += (y - x) - (b - a)
    return lines == after


def _count(lines: list[str], wanted: list[str]) -> int:
    return sum(lines[i : i + len(wanted)] == wanted for i in range(len(lines) - len(wanted) + 1))


def _whole(text: str) -> str:
    ticks = max((len(run) for run in re.findall(r"`{3,}", text)), default=2) + 1
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{'`' * ticks}\n{text}{end}{'`' * ticks}\n"
