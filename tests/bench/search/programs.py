"""What is evolved: a Python file of constants between EVOLVE-BLOCK markers, each with the values it may take.

Standard library only and self-contained: it is copied beside the evaluators that other frameworks load.
"""

from __future__ import annotations

import re
from random import Random

LINE = re.compile(r"^(?P<name>[A-Z]\w*) = (?P<value>\S+)  # tunable: (?P<rule>.+)$", re.MULTILINE)
START, END = "# EVOLVE-BLOCK-START", "# EVOLVE-BLOCK-END"


def constants(text: str) -> dict[str, float]:
    """Names and values. A value that is no number is left out."""
    found: dict[str, float] = {}
    for match in LINE.finditer(text):
        try:
            found[match["name"]] = float(match["value"])
        except ValueError:
            continue
    return found


def program(values: dict[str, str], rules: dict[str, str]) -> str:
    """The file."""
    lines = [f"{name} = {value}  # tunable: {rules[name]}" for name, value in values.items()]
    return "\n".join([START, *lines, END, ""])


def mutate(text: str, seed: int, call: int) -> str:
    """Proposal number `call` of stream `seed`: one constant changed, which one and how drawn whatever the parent is."""
    rng = Random(f"{seed}/{call}")  # a search, not a secret
    which, wild, step, anywhere = rng.random(), rng.random() < 0.2, rng.gauss(0.0, 0.1), rng.random()
    lines = list(LINE.finditer(text))
    match = lines[int(which * len(lines))]
    new = _changed(match["value"], match["rule"], wild, step, anywhere)
    return text[: match.start("value")] + new + text[match.end("value") :]


def join(text: str, other: str, seed: int, call: int) -> str:
    """A child of two parents: each constant from either."""
    rng = Random(f"{seed}/{call}/join")
    theirs = {match["name"]: match["value"] for match in LINE.finditer(other)}

    def drawn(match: re.Match[str]) -> str:
        take = rng.random() < 0.5
        value = theirs.get(match["name"], match["value"]) if take else match["value"]
        return f"{match['name']} = {value}  # tunable: {match['rule']}"

    return LINE.sub(drawn, text)


def _changed(value: str, rule: str, wild: bool, step: float, anywhere: float) -> str:
    if ".." in rule:
        low, high = map(float, rule.split(".."))
        drawn = low + anywhere * (high - low) if wild else float(value) + step * (high - low)
        return f"{min(high, max(low, drawn)):.5f}"
    choices = rule.split()
    at = choices.index(value)
    if wild:
        return choices[int(anywhere * len(choices))]
    return choices[min(len(choices) - 1, max(0, at + (1 if step > 0 else -1)))]
