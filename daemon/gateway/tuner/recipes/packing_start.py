"""Where circles start: hexagonal rows instead of a square grid, more than one start."""

from __future__ import annotations

import re
from random import Random

from daemon.gateway.tuner.move import Move
from daemon.gateway.tuner.py_source import declare, function, replace_function

_HEXAGONAL = '''\
def grid(n, rng):
    """Centres on rows that are shifted against each other by half a step, each moved a little at random."""
    rows = max(1, round(math.sqrt(n * ROW_SHARE)))
    centres = []
    for row in range(rows):
        count = n * (row + 1) // rows - n * row // rows
        for i in range(count):
            x = (i + (0.75 if row % 2 else 0.5)) / (count + 0.25) + rng.uniform(-JITTER, JITTER)
            y = (row + 0.5) / rows + rng.uniform(-JITTER, JITTER)
            centres.append((clamp(x), clamp(y)))
    return centres
'''
_RANDOM = '''\
def grid(n, rng):
    """Centres anywhere, but the best of some draws for each: far from the ones before."""
    centres = []
    for _ in range(n):
        draws = [(rng.uniform(0.05, 0.95), rng.uniform(0.05, 0.95)) for _ in range(DRAWS)]
        centres.append(max(draws, key=lambda p: min((math.dist(p, q) for q in centres), default=1.0)))
    return centres
'''
_PACK = re.compile(
    r'^def pack\(n, seed\):\n(?P<doc>    """[^\n]*"""\n)    rng = random\.Random\(seed\)\n', re.MULTILINE
)
_STARTS = '''\
def pack(n, seed):
{doc}    rng = random.Random(seed)
    return max((attempt(n, rng) for _ in range(STARTS)), key=lambda circles: sum(r for _, _, r in circles))


def attempt(n, rng):
    """One packing from one start."""
'''


def moves(text: str, rng: Random) -> list[Move]:
    """Moves on the start of a packing that is made by `grid(n, rng)` and used by `pack(n, seed)`."""
    found = []
    grid = function(text, "grid")
    if grid is not None and "def clamp(" in text and "JITTER" in text:
        if "ROW_SHARE" not in text:
            hexagonal = declare(text, "ROW_SHARE = 1.15  # tunable: 0.8..1.6")
            hypothesis = "hexagonal start: shifted rows lie closer together than a square grid"
            found.append(Move("hexagonal", hypothesis, replace_function(hexagonal, "grid", _HEXAGONAL), 1.2))
        if "DRAWS" not in text:
            scattered = declare(text, "DRAWS = 20  # tunable: 2..100 int log")
            hypothesis = "scattered start: no grid, each centre far from those before it"
            found.append(Move("scattered", hypothesis, replace_function(scattered, "grid", _RANDOM), 0.6))
    head = _PACK.search(text)
    if head is not None and "STARTS" not in text:
        starts = rng.choice((2, 4, 8))
        several = text[: head.start()] + _STARTS.format(doc=head.group("doc")) + text[head.end() :]
        several = declare(several, f"STARTS = {starts}  # tunable: 1 2 3 4 6 8 12")
        hypothesis = f"several starts: the best of {starts} packings is kept"
        found.append(Move("several-starts", hypothesis, several, 0.9))
    return found
