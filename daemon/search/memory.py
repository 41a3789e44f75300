"""What the next proposer should not try again: ideas that failed, and lines that the lineage already took out.

Some 30 % of the lines that coding agents add in such searches bring back lines deleted before (arXiv 2605.20086).
Digests are bounded in bytes, because they go into prompts, and hold single printable lines, because ideas and code
come from candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

LINE_LIMIT = 160
"""Characters of one line of a digest."""

Files = Mapping[str, str]


@dataclass(frozen=True)
class Tried:
    """One decided candidate, in the order of deciding."""

    hypothesis: str
    verdict: str
    gain: float | None = None
    """In the unit of gains; None: never measured."""


@dataclass(frozen=True)
class Deleted:
    """A line that a step of the lineage took out of a file."""

    path: str
    line: str
    times: int


def failed_ideas(tried: Sequence[Tried], limit: int = 2000) -> str:
    """Ideas that did not work, newest first, one a line with how often and how; within `limit` bytes.

    Two hypotheses are the same idea when their words are, whatever the case, punctuation and numbers. An idea that was
    accepted once is left out; failures of ours and denials say nothing about an idea.
    """
    worked = {_idea(one.hypothesis) for one in tried if one.verdict == "accepted"}
    found: dict[str, list[Tried]] = {}
    for one in reversed(tried):
        idea = _idea(one.hypothesis)
        if idea and idea not in worked and one.verdict.startswith(("failed:", "killed:")):
            found.setdefault(idea, []).append(one)
    return _bounded((_told(every) for every in found.values()), limit)


def deleted_lines(lineage: Sequence[Files]) -> list[Deleted]:
    """Lines that steps of a lineage (trees from the seed on) took out and that its last tree does not have.

    The most often deleted first, then the latest. Blank lines and lines without a letter or digit are not counted.
    """
    gone: dict[tuple[str, str], list[int]] = {}
    for number, (before, after) in enumerate(pairwise(lineage)):
        for path, text in before.items():
            left = _lines(after.get(path, ""))
            for line in _lines(text) - left:
                gone.setdefault((path, line), []).append(number)
    now = {path: _lines(text) for path, text in lineage[-1].items()} if lineage else {}
    kept = {place: steps for place, steps in gone.items() if place[1] not in now.get(place[0], set())}
    order = sorted(kept, key=lambda place: (-len(kept[place]), -kept[place][-1], place))
    return [Deleted(path, line, len(kept[path, line])) for path, line in order]


def deleted_digest(deleted: Iterable[Deleted], limit: int = 2000) -> str:
    """Deleted lines for a prompt, one a line, within `limit` bytes."""
    return _bounded((f"{one.path}: {one.line}{_times(one.times)}" for one in deleted), limit)


def reintroduced(parent: Files, child: Files, deleted: Iterable[Deleted]) -> list[Deleted]:
    """Which of the deleted lines an edit brings back, in their order."""
    added = {path: _lines(text) - _lines(parent.get(path, "")) for path, text in child.items()}
    return [one for one in deleted if one.line in added.get(one.path, set())]


def _lines(text: str) -> set[str]:
    stripped = (" ".join(line.split()) for line in text.split("\n"))
    return {line for line in stripped if any(sign.isalnum() for sign in line)}


@lru_cache(maxsize=8192)
def _idea(hypothesis: str) -> str:
    return " ".join(re.findall(r"[^\W\d_]+", hypothesis.casefold()))


def _told(every: list[Tried]) -> str:
    gains = [one.gain for one in every if one.gain is not None]
    best = f", at best {max(gains):+.3g}" if gains else ""
    return f"{every[0].hypothesis} ({every[0].verdict}{best}){_times(len(every))}"


def _times(count: int) -> str:
    return f" [{count} times]" if count > 1 else ""


def _bounded(lines: Iterable[str], limit: int) -> str:
    kept: list[str] = []
    room = limit
    for line in lines:
        clean = "".join(sign if sign.isprintable() else " " for sign in line)
        if len(clean) > LINE_LIMIT:
            clean = f"{clean[: LINE_LIMIT // 2]} … {clean[-LINE_LIMIT // 2 + 3 :]}"
        entry = f"- {clean}"
        room -= len(entry.encode("utf-8", "replace")) + 1
        if room < 0:
            break
        kept.append(entry)
    return "\n".join(kept)
