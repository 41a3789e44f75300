"""How circles grow and move: greedy growth of the radii, a relaxation by forces, other random moves."""

from __future__ import annotations

import re
from random import Random

from daemon.gateway.tuner.move import Move
from daemon.gateway.tuner.py_source import append_function, declare, function, replace_function

_GROWN = '''\
def radii(centres):
    """Radii for fixed centres: half the way to the nearest neighbour or wall, then each grows into what is left."""
    distances = [[math.dist(p, q) for q in centres] for p in centres]
    walls = [min(x, y, 1.0 - x, 1.0 - y) for x, y in centres]
    everyone = range(len(centres))
    found = [min([walls[i], *(0.5 * distances[i][j] for j in everyone if j != i)]) for i in everyone]
    for _ in range(GROWTH):
        for i in everyone:
            found[i] = max(found[i], min([walls[i], *(distances[i][j] - found[j] for j in everyone if j != i)]))
    return found
'''
_RELAX = '''\
def relax(centres):
    """Let circles swell and push each other apart; the swelling fades, so that overlaps vanish in the end."""
    n = len(centres)
    xs, ys = [x for x, _ in centres], [y for _, y in centres]
    rs = [0.3 / math.sqrt(n)] * n
    for step in range(RELAXATION):
        swell = SWELL * (1.0 - step / RELAXATION)
        dx, dy, dr = [0.0] * n, [0.0] * n, [swell] * n
        for i in range(n):
            x, y, r = xs[i], ys[i], rs[i]
            for over, ux, uy in ((r - x, 1, 0), (x + r - 1.0, -1, 0), (r - y, 0, 1), (y + r - 1.0, 0, -1)):
                if over > 0.0:
                    dx[i] += ux * over
                    dy[i] += uy * over
                    dr[i] -= over
            for j in range(i):
                reach = r + rs[j]
                ex, ey = x - xs[j], y - ys[j]
                if abs(ex) < reach and abs(ey) < reach:
                    gap = math.hypot(ex, ey) or 1e-9
                    over = reach - gap
                    if over > 0.0:
                        dx[i] += over * ex / gap
                        dy[i] += over * ey / gap
                        dx[j] -= over * ex / gap
                        dy[j] -= over * ey / gap
                        dr[i] -= over
                        dr[j] -= over
        for i in range(n):
            xs[i] = min(0.999, max(0.001, xs[i] + 0.3 * dx[i]))
            ys[i] = min(0.999, max(0.001, ys[i] + 0.3 * dy[i]))
            rs[i] = max(0.001, rs[i] + 0.3 * dr[i])
    return list(zip(xs, ys))
'''
_PICK = re.compile(r"^( *)i = rng\.randrange\(n\)\n", re.MULTILINE)
_TRIAL = re.compile(r"^( *)trial\[i\] = [^\n]*\n", re.MULTILINE)
_SLACK = re.compile(r"^SLACK = (?!0\.0\b)[^\s#]+", re.MULTILINE)


def moves(text: str, rng: Random) -> list[Move]:
    """Moves on a packing with `radii(centres)`, `grid(n, rng)` and a loop of random moves in `pack`."""
    found = []
    if function(text, "radii") is not None and "GROWTH" not in text:
        passes = rng.choice((1, 2, 3))
        grown = declare(replace_function(text, "radii", _GROWN), f"GROWTH = {passes}  # tunable: 1..6 int")
        hypothesis = f"greedy growth: {passes} passes let each circle take the room that its neighbours leave"
        found.append(Move("greedy-growth", hypothesis, grown, 1.3))
    if "centres = grid(n, rng)\n" in text and "RELAXATION" not in text:
        steps = rng.choice((200, 400, 800))
        forced = text.replace("centres = grid(n, rng)\n", "centres = relax(grid(n, rng))\n", 1)
        forced = declare(forced, f"RELAXATION = {steps}  # tunable: 50..3000 int log")
        forced = declare(forced, "SWELL = 0.02  # tunable: 0.001..0.2 log")
        hypothesis = (
            f"relaxation: {steps} steps of swelling circles that push each other apart, before the random moves"
        )
        found.append(Move("relaxation", hypothesis, append_function(forced, _RELAX), 1.3))
    return found + _random_moves(text)


def _random_moves(text: str) -> list[Move]:
    found = []
    pick = _PICK.search(text)
    if pick is not None:
        line = f"{pick.group(1)}i = min(rng.choices(range(n), k=3), key=best.__getitem__)\n"
        smaller = text[: pick.start()] + line + text[pick.end() :]
        found.append(Move("small-first", "small first: moving small circles has most to win", smaller, 0.7))
    trial = _TRIAL.search(text)
    if trial is not None and "JUMPS" not in text:
        pad = trial.group(1)
        lines = (
            f"{pad}if rng.random() < JUMPS:\n{pad}    trial[i] = (rng.uniform(0.02, 0.98), rng.uniform(0.02, 0.98))\n"
        )
        jumping = declare(text[: trial.end()] + lines + text[trial.end() :], "JUMPS = 0.1  # tunable: 0.01..0.5 log")
        found.append(Move("jumps", "jumps: now and then a circle tries a place far away", jumping, 0.7))
    slack = _SLACK.search(text)
    if slack is not None:
        exact = text[: slack.start()] + "SLACK = 0.0" + text[slack.end() :]
        found.append(Move("no-slack", "no slack: exact radii need no safety share", exact, 0.3))
    return found
