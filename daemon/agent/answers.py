"""From a model's answer to what it asks for: edits, tools, findings. Any text may come in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_SEARCH = re.compile(r"<{5,9} ?SEARCH\s*")
_MIDDLE = re.compile(r"={5,9}\s*")
_REPLACE = re.compile(r">{5,9} ?REPLACE\s*")
_FENCE = re.compile(r"(`{3,})[\w+.#-]*\s*")
_PATH = re.compile(r"[\w.+-]+(?:/[\w.+-]+)*")
_SAID = re.compile(r"^[\s*#>-]*(HYPOTHESIS|FINDING|TASK|TOOL)[*\s]*:[*\s]*(.+)$", re.IGNORECASE)
_THINKING = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
MOST_CALLS = 8
"""Tools that one answer may use; the rest is not looked at."""


class BadAnswer(Exception):
    """The answer cannot be used; the text tells the model what to change."""


class Block(NamedTuple):
    """A SEARCH/REPLACE block, or a whole file."""

    path: str
    search: list[str] | None
    """None: the block is a whole file."""
    replace: list[str]


class Call(NamedTuple):
    """One use of a tool."""

    tool: str
    words: Sequence[str] = ()
    blocks: Sequence[Block] = ()
    """Of the tool `edit` only."""


class Answer:
    """What an answer says, in its own order; its edits are one call of the tool `edit`, before all others."""

    def __init__(self) -> None:
        self.hypothesis = ""
        self.blocks: list[Block] = []
        self.calls: list[Call] = []
        self.findings: list[str] = []
        self.tasks: list[str] = []


def read(text: str, files: Mapping[str, str]) -> Answer:
    """Read any text. `files` are the known paths. Raises BadAnswer, and nothing else, for a form that is broken."""
    plain = _THINKING.sub("", text.replace("\r\n", "\n")).encode("utf-8", "replace").decode()
    answer = Answer()
    answer.blocks, loose = _blocks(plain.split("\n"), files)
    for line in loose:
        if found := _SAID.match(line):
            _keep(answer, found[1].upper(), " ".join(found[2].split())[:2000])
    return answer


def _keep(answer: Answer, word: str, said: str) -> None:
    if word == "HYPOTHESIS":
        answer.hypothesis = answer.hypothesis or said
    elif word == "TOOL":
        name, *words = said.removesuffix("**").strip("`").split(" ")
        if len(answer.calls) < MOST_CALLS:
            answer.calls.append(Call(name.lower().strip("`()*"), words))
    else:
        (answer.findings if word == "FINDING" else answer.tasks).append(said[:500])


def _blocks(lines: list[str], files: Mapping[str, str]) -> tuple[list[Block], list[str]]:
    """The blocks, and the lines that stand outside them."""
    blocks: list[Block] = []
    loose: list[str] = []
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
            if wrapper or _only_wraps(lines, i + 1, named):
                # A fence around SEARCH blocks or tools: neither of its two lines means anything.
                wrapper, i = "" if wrapper else fence.group(1), i + 1
                continue
            body, i = _fenced(lines, i, fence.group(1), named)
            if named:
                blocks.append(Block(named, None, body))
                path, named = named, ""
        else:
            if line:
                named = _path(line, files)
                loose.append(line)
            i += 1
    return blocks, loose


def _path(line: str, files: Mapping[str, str]) -> str:
    """The path that a line names, stripped of the ornaments models put around paths; empty when it names none."""
    bare = line.strip("*`#: ").removeprefix("File").removeprefix("file").strip(":*` ")
    if bare in files:
        return bare
    looks_like_one = _PATH.fullmatch(bare) is not None and ("." in bare.strip(".") or "/" in bare)
    return bare if looks_like_one and len(bare) <= 200 else ""


def _only_wraps(lines: list[str], i: int, named: str) -> bool:
    """Whether a fence only wraps a SEARCH block or a tool, as many models do. A named one that starts so is a file."""
    while i < len(lines) and not lines[i].strip():
        i += 1
    if i >= len(lines):
        return False
    said = _SAID.match(lines[i].strip())
    return _SEARCH.fullmatch(lines[i].strip()) is not None or (
        not named and said is not None and said[1].upper() == "TOOL"
    )


def _search_replace(lines: list[str], i: int, path: str) -> tuple[Block, int]:
    middle = next((k for k in range(i + 1, len(lines)) if _MIDDLE.fullmatch(lines[k].strip())), None)
    end = (
        None
        if middle is None
        else next((k for k in range(middle + 1, len(lines)) if _REPLACE.fullmatch(lines[k].strip())), None)
    )
    if middle is None or end is None:
        raise BadAnswer(f"a SEARCH block for {path} is not closed by ======= and >>>>>>> REPLACE")
    return Block(path, lines[i + 1 : middle], lines[middle + 1 : end]), end + 1


def _fenced(lines: list[str], i: int, fence: str, named: str) -> tuple[list[str], int]:
    end = next((k for k in range(i + 1, len(lines)) if lines[k].strip() == fence), None)
    if end is None and not named:
        return [], i + 1
    if end is None:
        raise BadAnswer("a fenced block is not closed; the answer seems to be cut off")
    return lines[i + 1 : end], end + 1
