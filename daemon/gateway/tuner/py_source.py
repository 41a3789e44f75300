"""Enough Python to swap one top-level function of a file for another and to drop what is then unused."""

from __future__ import annotations

import re

_TUNABLE = re.compile(r"^(?P<name>[A-Za-z_]\w*) *=[^\n]*# *tunable:[^\n]*\n", re.MULTILINE)


def function(text: str, name: str) -> re.Match[str] | None:
    """A top-level function, from `def` to just before the next top-level line."""
    return re.search(rf"^def {name}\(.*?(?=^[^\s)]|\Z)", text, re.MULTILINE | re.DOTALL)


def replace_function(text: str, name: str, code: str) -> str:
    """The file with another function in place of `name`; unchanged when there is none."""
    found = function(text, name)
    if found is None:
        return text
    rest = text[found.end() :]
    return drop_unused(text[: found.start()] + code.strip("\n") + "\n" + ("\n\n" + rest if rest else ""))


def append_function(text: str, code: str) -> str:
    """The file with one function more at its end."""
    return text.rstrip("\n") + "\n\n\n" + code.strip("\n") + "\n"


def declare(text: str, line: str) -> str:
    """Add a declared tunable after the last one, or after the imports when there is none."""
    places = list(_TUNABLE.finditer(text)) or list(re.finditer(r"^import [^\n]*\n", text, re.MULTILINE))
    at = places[-1].end() if places else 0
    return text[:at] + line.rstrip("\n") + "\n" + text[at:]


def drop_unused(text: str) -> str:
    """Remove declared tunables that nothing refers to."""
    for found in reversed(list(_TUNABLE.finditer(text))):
        if len(re.findall(rf"\b{found.group('name')}\b", text)) == 1:
            text = text[: found.start()] + text[found.end() :]
    return text
