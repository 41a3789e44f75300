"""Which of the moves that fit is proposed: a seeded draw, weighted by promise and by what the history says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from daemon.gateway.tuner.move import Move
from daemon.gateway.tuner.prompt import Tried

_REPEAT = 0.05
"""Weight left for an idea in exactly the words that were tried before: the parent may be another one now."""


def choose(moves: Sequence[Move], history: Sequence[Tried], rng: Random) -> Move | None:
    """Draw one move; None when there is none."""
    if not moves:
        return None
    return rng.choices(moves, [weight(move, moves, history) for move in moves])[0]


def weight(move: Move, moves: Sequence[Move], history: Sequence[Tried]) -> float:
    """Promise × what its kind gained so far × novelty. Kinds with many variants do not count many times."""
    kin = sum(other.recipe == move.recipe for other in moves)
    crowd = 1.0 / math.sqrt(kin)
    kind = move.hypothesis.partition(":")[0]
    same_kind = [tried for tried in history if tried.hypothesis.partition(":")[0] == kind]
    wins = sum(tried.verdict == "accepted" for tried in same_kind)
    # A Beta(1, 1) estimate of how often its kind is accepted, 1/2 before anything is known.
    luck = 2.0 * (wins + 1.0) / (len(same_kind) + 2.0)
    repeated = any(tried.hypothesis == move.hypothesis for tried in history)
    return move.weight * crowd * luck * (_REPEAT if repeated else 1.0)
