"""stub"""

from random import Random

from daemon.gateway.tuner.move import Move


def moves(text: str, rng: Random) -> list[Move]:
    return []
