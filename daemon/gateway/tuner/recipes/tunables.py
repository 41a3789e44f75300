"""Turn one declared tunable: `#define TILE 8  // tunable: 8 16 32` or `STEP = 0.1  # tunable: 0.01..1.0 log`."""

from __future__ import annotations

import math
import re
from random import Random

from daemon.gateway.tuner.move import Move

_DECLARED = re.compile(
    r"^(?:#define (?P<c>\w+) +|(?P<py>[A-Za-z_]\w*) *= *)(?P<value>[^\s#/]+) *(?://|#) *tunable: *(?P<rule>.+)$",
    re.MULTILINE,
)
_RANGE = re.compile(r"(?P<low>-?[\d.eE+-]+?)\.\.(?P<high>-?[\d.eE+-]+)(?P<flags>(?: +(?:log|int))*)")


def moves(text: str, rng: Random) -> list[Move]:
    """One move for each declared tunable, to a value drawn from its rule."""
    found = []
    for match in _DECLARED.finditer(text):
        name, old = match.group("c") or match.group("py"), match.group("value")
        new = _draw(old, match.group("rule").strip(), rng)
        if new is None or new == old:
            continue
        changed = text[: match.start("value")] + new + text[match.end("value") :]
        found.append(Move("tunable", f"tunable: {name} {old} -> {new} suits the machine better", changed, 0.7))
    return found


def _draw(old: str, rule: str, rng: Random) -> str | None:
    """A new value, or None when the rule cannot be read."""
    spread = _RANGE.fullmatch(rule)
    if spread is None:
        return _neighbour(old, rule.split(), rng)
    try:
        low, high, now = float(spread.group("low")), float(spread.group("high")), float(old)
    except ValueError:
        return None
    if not (math.isfinite(low) and math.isfinite(high) and low < high and math.isfinite(now)):
        return None
    flags = spread.group("flags").split()
    logarithmic = "log" in flags and low > 0 and now > 0
    a, b, x = (math.log(low), math.log(high), math.log(now)) if logarithmic else (low, high, now)
    # Mostly a step around the present value; now and then anywhere, so that no value is out of reach.
    drawn = rng.uniform(a, b) if rng.random() < 0.3 else min(b, max(a, x + rng.gauss(0.0, 0.25) * (b - a)))
    value = math.exp(drawn) if logarithmic else drawn
    drawn_text = str(min(max(round(value), math.ceil(low)), math.floor(high))) if "int" in flags else f"{value:.4g}"
    return None if float(drawn_text) == now else drawn_text


def _neighbour(old: str, choices: list[str], rng: Random) -> str | None:
    others = [choice for choice in choices if choice != old]
    if not others:
        return None
    if old in choices and rng.random() < 0.6:
        at = choices.index(old)
        others = [choices[i] for i in (at - 1, at + 1) if 0 <= i < len(choices)]
    return rng.choice(others)
