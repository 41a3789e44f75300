"""From a model's answer to changed files: SEARCH/REPLACE blocks and whole-file blocks. Any text may come in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

_SEARCH = re.compile(r"<{5,9} ?SEARCH\s*")
_MIDDLE = re.compile(r"={5,9}\s*")
_REPLACE = re.compile(r">{5,9} ?REPLACE\s*")
_FENCE = re.compile(r"(`{3,})[\w+.#-]*\s*")
_PATH = re.compile(r"[\w.+-]+(?:/[\w.+-]+)*")
_HYPOTHESIS = re.compile(r"^[\s*#>]*HYPOTHESIS[*\s]*:[*\s]*(.+)$", re.MULTILINE | re.IGNORECASE)
_THINKING = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_HINT_LINES = 400


class BadAnswer(Exception):
    """The answer cannot be applied; the text tells the model what to change."""


@dataclass(frozen=True)
class Proposal:
    """Changed files only, with their whole new text."""

    hypothesis: str
    files: dict[str, str]


@dataclass(frozen=True)
class _Block:
    path: str
    search: list[str] | None
    """None: the block is a whole file."""
    replace: list[str]


def parse(answer: str, files: Mapping[str, str]) -> Proposal:
    """Apply the answer's blocks to `files`. Raises BadAnswer, and nothing else, for any text."""
    text = _THINKING.sub("", answer.replace("\r\n", "\n")).encode("utf-8", "replace").decode()
    blocks = _blocks(text.split("\n"), files)
    if not blocks:
        raise BadAnswer("it holds no SEARCH/REPLACE block and no whole file")
    changed: dict[str, str] = {}
    for block in blocks:
        changed[block.path] = _apply(block, changed.get(block.path, files.get(block.path)))
    changed = {path: new for path, new in changed.items() if files.get(path) != new}
    if not changed:
        raise BadAnswer("it changes nothing: the files would stay as they are")
    return Proposal(_hypothesis(text), changed)


def _hypothesis(text: str) -> str:
    found = _HYPOTHESIS.search(text)
    return " ".join(found.group(1).split())[:2000] if found else ""


def _blocks(lines: list[str], files: Mapping[str, str]) -> list[_Block]:
    blocks: list[_Block] = []
    path = next(iter(files)) if len(files) == 1 else ""
    named = wrapper = ""
    i = 0
    while i < len(lines):
        line = lines[i].strip()
        if _SEARCH.fullmatch(line):
            path = named or path
            if not path:
                raise BadAnswer("a SEARCH block has no file path on the line above it")
            block, i = _search_replace(lines, i, path)
            blocks.append(block)
            named = ""
        elif fence := _FENCE.fullmatch(line):
            if wrapper or _opens_search(lines, i + 1):
                # A fence around SEARCH blocks: neither of its two lines means anything.
                wrapper, i = "" if wrapper else fence.group(1), i + 1
                continue
            body, i = _fenced(lines, i, fence.group(1), named)
            if named:
                blocks.append(_Block(named, None, body))
                path, named = named, ""
        else:
            if line:
                named = _path(line, files)
            i += 1
    return blocks


def _path(line: str, files: Mapping[str, str]) -> str:
    """The path that a line names, stripped of the ornaments models put around paths; empty when it names none."""
    bare = line.strip("*`#: ").removeprefix("File").removeprefix("file").strip(":*` ")
    if bare in files:
        return bare
    looks_like_one = _PATH.fullmatch(bare) is not None and ("." in bare.strip(".") or "/" in bare)
    return bare if looks_like_one and len(bare) <= 200 else ""


def _opens_search(lines: list[str], i: int) -> bool:
    """Whether a fence only wraps a SEARCH block, as many models do."""
    while i < len(lines) and not lines[i].strip():
        i += 1
    return i < len(lines) and _SEARCH.fullmatch(lines[i].strip()) is not None


def _search_replace(lines: list[str], i: int, path: str) -> tuple[_Block, int]:
    middle = next((k for k in range(i + 1, len(lines)) if _MIDDLE.fullmatch(lines[k].strip())), None)
    end = (
        None
        if middle is None
        else next((k for k in range(middle + 1, len(lines)) if _REPLACE.fullmatch(lines[k].strip())), None)
    )
    if middle is None or end is None:
        raise BadAnswer(f"a SEARCH block for {path} is not closed by ======= and >>>>>>> REPLACE")
    return _Block(path, lines[i + 1 : middle], lines[middle + 1 : end]), end + 1


def _fenced(lines: list[str], i: int, fence: str, named: str) -> tuple[list[str], int]:
    end = next((k for k in range(i + 1, len(lines)) if lines[k].strip() == fence), None)
    if end is None and not named:
        return [], i + 1
    if end is None:
        raise BadAnswer("a fenced block is not closed; the answer seems to be cut off")
    return lines[i + 1 : end], end + 1


def _apply(block: _Block, old: str | None) -> str:
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


def _hint(block: _Block, at: list[int], lines: list[str]) -> str:
    if at:
        return "; add neighbouring lines to make them unique"
    wanted = next((line for line in block.search or [] if line.strip()), "")[:200]
    near = difflib.get_close_matches(wanted, [line[:200] for line in lines[:_HINT_LINES]], n=1, cutoff=0.6)
    return f"; the closest line to its first one is {near[0]!r}" if near else ""
