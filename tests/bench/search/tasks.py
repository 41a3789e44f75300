"""Three tasks, each a few lines: a rugged landscape of constants, a packing, and a model of a tiled kernel's tunables.

All are deterministic and take well under a millisecond, so that a run of 200 evaluations shows the search and nothing
else. Standard library only: other frameworks' evaluators load this file by its path.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

CIRCLES = 12


class Task(NamedTuple):
    """Start values and their rules (see `programs`), and the score of a set of values, higher is better."""

    name: str
    values: dict[str, str]
    rules: dict[str, str]
    score: Callable[[dict[str, float]], float]


def rugged(x: dict[str, float]) -> float:
    """Fourteen constants in a wide bowl full of dents (Rastrigin), and a coupling of neighbours; best 1."""
    at = [4.0 * (x[f"X{i}"] - 0.2 - 0.045 * i) for i in range(14)]
    dents = sum(v * v + 0.6 * (1 - math.cos(3 * math.pi * v)) for v in at) / 14
    tied = sum((a - b) ** 2 for a, b in pairwise(at)) / 13
    return 1.0 / (1.0 + dents + 0.5 * tied)


def packing(x: dict[str, float]) -> float:
    """Sum of the radii of 12 circles about given centres, grown one after the other as far as walls and others let."""
    centres = [(x[f"X{i}"], x[f"Y{i}"]) for i in range(CIRCLES)]
    radii = [min(u, v, 1 - u, 1 - v) for u, v in centres]
    for i, (u, v) in enumerate(centres):
        for j, (s, t) in enumerate(centres[:i]):
            gap = math.hypot(u - s, v - t)
            if radii[i] + radii[j] > gap:
                share = gap / (radii[i] + radii[j])
                radii[i], radii[j] = radii[i] * share, radii[j] * share
    return max(0.0, sum(radii))


def kernel(x: dict[str, float]) -> float:
    """GFLOP/s of a made-up tiled matrix product: registers spill, caches overflow, vectors want whole multiples."""
    mr, nr, kc, mc = int(x["MR"]), int(x["NR"]), int(x["KC"]), int(x["MC"])
    unroll, width, ahead, pack = int(x["UNROLL"]), int(x["WIDTH"]), int(x["AHEAD"]), int(x["PACK"])
    vectors = -(-nr // width)
    spilt = max(0, mr * vectors + vectors + 1 - (16 if width < 16 else 32))
    rate = 64.0 * width / 16 * (mr * vectors / (mr * vectors + mr + vectors)) / (1 + 0.35 * spilt)
    rate *= 1.0 if nr % width == 0 else 0.55
    rate *= 1.0 if width < 16 else 0.8  # the clock falls under wide vectors
    l1, l2 = 4 * kc * (mr + nr), 4 * kc * mc
    rate *= 1.0 if l1 <= 24_000 else max(0.3, 24_000 / l1)
    rate *= (1.0 if l2 <= 400_000 else max(0.35, 400_000 / l2)) * (1.0 - 14.0 / (14.0 + kc))
    rate *= 1.0 - 0.25 / unroll if unroll * mr * vectors <= 64 else 0.7
    rate *= {0: 0.88, 1: 0.97, 2: 1.0, 4: 1.0, 8: 0.93}[ahead] if pack else 0.8
    rate *= (1.0 if mc % mr == 0 else 0.85) * (0.75 if pack == 0 else 1.0 if pack == 2 or kc < 192 else 0.9)
    return rate


def tasks() -> list[Task]:
    """All three, from starts that are far from good."""
    spots = [((i % 4) / 3 * 0.3 + 0.05, (i // 4) / 2 * 0.3 + 0.05) for i in range(CIRCLES)]
    places = {f"{axis}{i}": f"{spots[i][axis == 'Y']:.5f}" for i in range(CIRCLES) for axis in "XY"}
    choices = {
        "MR": ("1", "1 2 3 4 5 6 8 10 12 16"),
        "NR": ("1", "1 2 4 6 8 12 16 24 32 48"),
        "KC": ("8", "8 16 32 48 64 96 128 192 256 384 512 768"),
        "MC": ("8", "8 16 24 32 48 64 72 96 120 144 192 256 384"),
        "UNROLL": ("1", "1 2 3 4 6 8"),
        "WIDTH": ("1", "1 2 4 8 16"),
        "AHEAD": ("0", "0 1 2 4 8"),
        "PACK": ("0", "0 1 2"),
    }
    return [
        Task("rugged", {f"X{i}": "0.95000" for i in range(14)}, {f"X{i}": "0..1" for i in range(14)}, rugged),
        Task("packing", places, dict.fromkeys(places, "0..1"), packing),
        Task("kernel", {k: v[0] for k, v in choices.items()}, {k: v[1] for k, v in choices.items()}, kernel),
    ]
