"""Circles in the unit square: place `n` of them so that the sum of their radii is large.

Method: a jittered grid of centres, a few random moves that are kept when the sum grows, and for every set of centres
the radii that the nearest neighbour and the walls allow.
"""

import math
import random

STEPS = 60  # tunable: 20..4000 int log
JITTER = 0.02  # tunable: 0.001..0.2 log
MOVE = 0.05  # tunable: 0.002..0.3 log
COOLING = 1.0  # tunable: 0.98..1.0
COLUMNS = 6  # tunable: 4 5 6
SLACK = 1e-12  # every radius is shrunk by this share, so that rounding cannot make two circles overlap


def pack(n, seed):
    """Return `n` triples (x, y, r). No two circles may overlap, and none may leave the unit square."""
    rng = random.Random(seed)
    centres = grid(n, rng)
    best = radii(centres)
    move = MOVE
    for _ in range(STEPS):
        i = rng.randrange(n)
        trial = list(centres)
        trial[i] = (clamp(trial[i][0] + rng.gauss(0.0, move)), clamp(trial[i][1] + rng.gauss(0.0, move)))
        found = radii(trial)
        if sum(found) > sum(best):
            centres, best = trial, found
        move *= COOLING
    return [(x, y, r * (1.0 - SLACK)) for (x, y), r in zip(centres, best, strict=True)]


def grid(n, rng):
    """Centres on a grid, each moved a little at random."""
    columns = max(1, min(COLUMNS, n))
    rows = math.ceil(n / columns)
    centres = []
    for i in range(n):
        x = (i % columns + 0.5) / columns + rng.uniform(-JITTER, JITTER)
        y = (i // columns + 0.5) / rows + rng.uniform(-JITTER, JITTER)
        centres.append((clamp(x), clamp(y)))
    return centres


def radii(centres):
    """Radii for fixed centres: each circle takes half the way to its nearest neighbour, or the way to the wall."""
    found = []
    for i, (x, y) in enumerate(centres):
        r = min(x, y, 1.0 - x, 1.0 - y)
        for j, (u, v) in enumerate(centres):
            if i != j:
                r = min(r, 0.5 * math.hypot(x - u, y - v))
        found.append(r)
    return found


def clamp(value):
    """Keep a coordinate inside the square."""
    return min(1.0, max(0.0, value))
