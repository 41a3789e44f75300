"""Applies an answer's blocks to the files, or says what the model must change about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.agent.answers import BadAnswer, Block
else:
    from answers import BadAnswer, Block

_HINT_LINES = 400


def apply(blocks: Sequence[Block], files: Mapping[str, str]) -> dict[str, str]:
    """The new text of every file that the blocks change. Raises BadAnswer, and nothing else, for any blocks."""
    changed: dict[str, str] = {}
    for block in blocks:
        changed[block.path] = _apply(block, changed.get(block.path, files.get(block.path)))
    changed = {path: new for path, new in changed.items() if files.get(path) != new}
    if not changed:
        raise BadAnswer("it changes nothing: the files would stay as they are")
    return changed


def _apply(block: Block, old: str | None) -> str:
    if block.search is None:
        return "\n".join([*block.replace, ""])
    if not any(line.strip() for line in block.search):
        if old is None:
            return "\n".join([*block.replace, ""])
        raise BadAnswer(f"the SEARCH part for {block.path} is empty, but the file exists")
    if old is None:
        raise BadAnswer(f"there is no file {block.path} to search in")
    lines = old.split("\n")
    size = len(block.search)
    at = _find(lines, block.search)
    if not at:
        # Trailing blanks are the one thing that models lose without meaning to.
        at = _find([line.rstrip() for line in lines], [line.rstrip() for line in block.search])
    if len(at) != 1:
        times = "nowhere" if not at else f"{len(at)} times"
        raise BadAnswer(
            f"the SEARCH lines occur {times} in {block.path}, but must occur exactly once" + _hint(block, at, lines)
        )
    return "\n".join([*lines[: at[0]], *block.replace, *lines[at[0] + size :]])


def _find(lines: list[str], wanted: list[str]) -> list[int]:
    """Where `wanted` occurs as a run of whole lines; overlapping places count."""
    first = wanted[0]
    return [
        i
        for i, line in enumerate(lines[: len(lines) - len(wanted) + 1])
        if line == first and lines[i : i + len(wanted)] == wanted
    ]


def _hint(block: Block, at: list[int], lines: list[str]) -> str:
    if at:
        return "; add neighbouring lines to make them unique"
    wanted = next((line for line in block.search or [] if line.strip()), "")[:200]
    import difflib  # needed for a hint only, and an agent's start counts

    near = difflib.get_close_matches(wanted, [line[:200] for line in lines[:_HINT_LINES]], n=1, cutoff=0.6)
    return f"; the closest line to its first one is {near[0]!r}" if near else ""
