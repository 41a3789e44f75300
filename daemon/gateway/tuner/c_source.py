"""Enough C to find a dense product function and to put another body in its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SIGNATURE = re.compile(
    r"""^(?P<attributes>(?:(?:__attribute__|CLONES)[^\n]*\n)*)
    void\ (?P<name>\w+)\(
    const\ float\ \*\s*(?:restrict\ )?(?P<a>\w+),\s*const\ float\ \*\s*(?:restrict\ )?(?P<b>\w+),\s*
    float\ \*\s*(?:restrict\ )?(?P<c>\w+),\s*int\ (?P<n>\w+),\s*int\ (?P<m>\w+),\s*int\ (?P<k>\w+)\)\s*\{""",
    re.MULTILINE | re.VERBOSE,
)
_STATIC = re.compile(r"^static [^\n;{]*?\b(?P<name>\w+)\([^)]*\)\s*^\{.*?^\}\n+", re.MULTILINE | re.DOTALL)
_DEFINE = re.compile(r"^#define (?P<name>\w+) [^\n]*// tunable:[^\n]*\n", re.MULTILINE)
_TYPEDEF = re.compile(r"^typedef [^\n;]*?\b(?P<name>\w+) __attribute__[^\n]*;\n", re.MULTILINE)
_NEEDED = {"stdlib": r"\b(?:malloc|free)\(", "string": r"\bmemcpy\("}


@dataclass(frozen=True)
class Product:
    """A function `f(const float *a, const float *b, float *c, int n, int m, int k)` and where it lies in its file."""

    text: str
    start: int
    """Of its attributes."""
    signature: int
    open: int
    """Just after its opening brace."""
    close: int
    """At its closing brace."""
    a: str
    b: str
    c: str
    n: str
    m: str
    k: str

    @property
    def body(self) -> str:
        """Between the braces."""
        return self.text[self.open : self.close]

    @property
    def form(self) -> str:
        """The shape of its loops: `tile`, `rows`, `dot`, or empty when it is none that is known here."""
        if "tile(" in self.body:
            return "tile"
        if re.search(rf"\+= \w+ \* {self.b}\[", self.body):
            return "rows"
        if re.search(rf"\+= {self.a}\[[^;]*\* \w+\[", self.body):
            return "dot"
        return ""

    def with_body(self, body: str, helpers: str = "") -> str:
        """The file with another body, with helpers before the function, and without what is then unused."""
        emptied = drop_unused(self.text[: self.open] + "\n" + self.text[self.close :])
        again = find_product(emptied)
        if again is None:
            return self.text
        top = emptied[: again.start] + (helpers.strip("\n") + "\n\n" if helpers else "")
        return top + emptied[again.start : again.open] + "\n" + body.strip("\n") + "\n" + emptied[again.close :]


def find_product(text: str) -> Product | None:
    """The first product function of a file."""
    found = _SIGNATURE.search(text)
    if found is None:
        return None
    depth, at = 1, found.end()
    while at < len(text) and depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    if depth:
        return None
    names = {key: found.group(key) for key in "abcnmk"}
    return Product(text, found.start(), found.end("attributes"), found.end(), at - 1, **names)


def drop_unused(text: str) -> str:
    """Remove static functions, typedefs and declared tunables that nothing refers to any more."""
    while True:
        for pattern in (_STATIC, _TYPEDEF, _DEFINE):
            dead = next((found for found in pattern.finditer(text) if _uses(text, found.group("name")) == 1), None)
            if dead is not None:
                text = text[: dead.start()] + text[dead.end() :]
                break
        else:
            break
    for header, calls in _NEEDED.items():
        if not re.search(calls, text):
            text = re.sub(rf"^#include <{header}\.h>\n+", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text)


def after_head(text: str, lines: str) -> str:
    """Put lines after the file's opening comment."""
    comment = re.match(r"\s*/\*.*?\*/\s*\n", text, re.DOTALL)
    at = comment.end() if comment else 0
    return text[:at] + lines.strip("\n") + "\n" + ("" if text[at:].startswith("#") else "\n") + text[at:]


def indent(code: str, by: int) -> str:
    """Shift every line to the right."""
    return "\n".join(" " * by + line if line.strip() else line for line in code.split("\n"))


def _uses(text: str, name: str) -> int:
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return len(re.findall(rf"\b{name}\b", code))
