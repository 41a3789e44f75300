"""Source text of C and Python as tokens, without comments and layout.

Linear in the length of the text whatever it holds (the text is hostile); never executes, imports or compiles it. A file
that is not valid code still gives tokens: the compiler says what is wrong with it, not this.
"""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["c", "python", "text"]

LINE_END = "\n"
"""Token that ends a preprocessor directive (C) or a logical line (Python)."""

_C_SUFFIXES = {"c", "h", "cc", "cpp", "cxx", "hh", "hpp", "cu", "cuh", "hip", "inc"}
_NUMBER = r"\.?\d(?:[eEpP][+-]|[\w.])*"
_C = re.compile(
    r"(?P<skip>//[^\n]*|/\*.*?(?:\*/|\Z)|[^\S\n]+)"
    r"|(?P<line>\n)"
    r'|(?P<text>R"(?P<fence>[^()\\\s]{0,16})\(.*?(?:\)(?P=fence)"|\Z)|"(?:\\.|[^"\\\n])*"?|\'(?:\\.|[^\'\\\n])*\'?)'
    rf"|(?P<word>[^\W\d]\w*)|(?P<number>{_NUMBER})|(?P<sign>[-+*/%&|^=<>!]=|<<=?|>>=?|->|\+\+|--|&&|\|\||##|.)",
    re.DOTALL,
)
_PYTHON = re.compile(
    r"(?P<skip>#[^\n]*|\\\r?\n|[^\S\n]+)"
    r"|(?P<line>\n)"
    r"|(?P<text>[bBrRuUfF]{0,2}(?:\"\"\"(?:\\(?:.|\Z)|[^\\])*?(?:\"\"\"|\Z)|'''(?:\\(?:.|\Z)|[^\\])*?(?:'''|\Z)"
    r"|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?))"
    rf"|(?P<word>[^\W\d]\w*)|(?P<number>{_NUMBER})"
    r"|(?P<sign>\*\*=?|//=?|<<=?|>>=?|->|:=|[-+*/%&|^=<>!@]=|.)",
    re.DOTALL,
)


def language_of(path: str) -> Language:
    """Language by the file name's suffix; `text` for all that is neither C-like nor Python."""
    name, _, suffix = path.rpartition("/")[2].rpartition(".")
    if not name:
        return "text"
    return "python" if suffix == "py" else "c" if suffix.lower() in _C_SUFFIXES else "text"


def tokens(text: str, language: Language) -> list[str]:
    """The tokens of a file. Plain text: its lines as they are."""
    if language == "c":
        return _c_tokens(text)
    if language == "python":
        return _python_tokens(text)
    return text.split("\n")


def is_literal(word: str) -> bool:
    """Whether a token is a number or a text."""
    return word[:1].isdigit() or (word[:1] == "." and word[1:2].isdigit()) or word[-1:] in ("'", '"')


def _c_tokens(text: str) -> list[str]:
    found: list[str] = []
    directive = False
    fresh = True  # nothing but blanks on this line so far
    text = re.sub(r"\\\r?\n", "", text)
    for match in _C.finditer(text):
        kind, word = match.lastgroup, match.group()
        if kind == "skip":
            continue
        if kind == "line":
            if directive:
                found.append(LINE_END)
            directive, fresh = False, True
            continue
        directive = directive or (fresh and word == "#")
        fresh = False
        if found[-2:] == ["#", "define"] and text.startswith("(", match.end()):
            word += "("  # `#define F(` takes arguments, `#define F (` does not
        found.append(word)
    return found


def _python_tokens(text: str) -> list[str]:
    found: list[str] = []
    line: list[str] = []
    depths = [0]
    indent = depth = 0

    def end_line() -> None:
        if not line or (len(line) == 1 and line[0][-1] in "\"'"):  # blank, or a docstring
            line.clear()
            return
        while depths[-1] > indent:
            depths.pop()
        if depths[-1] < indent:
            depths.append(indent)
        # The level, not the width, so that re-indenting a file changes nothing.
        found.extend((f"{LINE_END}{len(depths) - 1}", *line))
        line.clear()

    starts_line = True
    for match in _PYTHON.finditer(text.replace("\r\n", "\n").replace("\r", "\n")):
        kind, word = match.lastgroup, match.group()
        if kind == "line":
            if depth == 0:
                end_line()
                starts_line, indent = True, 0
        elif kind == "skip":
            if starts_line and not line and word[0] not in "#\\":
                indent = len(word.expandtabs(8))
        else:
            starts_line = False
            depth = max(0, depth + (word in "([{") - (word in ")]}"))
            line.append(word)
    end_line()
    return found
