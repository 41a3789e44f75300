"""Mutants of the deny rules: each has one condition removed or negated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A changed file."""

    name: str
    text: str


def mutants(text: str) -> Iterator[Mutant]:
    """All mutants of a policy file's `deny` rules: every rule never, every condition gone, every condition turned."""
    lines = text.splitlines()
    code = ""
    inside = False
    for number, line in enumerate(lines):
        if found := re.match(r"#   code: (\S+)", line):
            code = found[1]
        if line.startswith("deny contains") and line.endswith("if {"):
            inside = True
            yield _changed(lines, number, f"{line}\n\tfalse", f"{code}: never")
        elif line == "}":
            inside = False
        elif inside and re.match(r"\t[^\t\]})]", line) and not re.match(r"\tsome |\t\w+ := ", line):
            condition = line.strip()
            turned = condition.removeprefix("not ") if condition.startswith("not ") else f"not {condition}"
            yield _changed(lines, number, "\ttrue", f"{code}: without {condition}")
            yield _changed(lines, number, f"\t{turned}", f"{code}: {turned}")


def _changed(lines: list[str], number: int, line: str, name: str) -> Mutant:
    return Mutant(name, "\n".join([*lines[:number], line, *lines[number + 1 :]]) + "\n")
