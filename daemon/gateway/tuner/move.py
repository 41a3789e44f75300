"""What a recipe offers: one edited file with the reason for it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Protocol


@dataclass(frozen=True)
class Move:
    """One edit. `weight` is how promising recipes of its kind are before anything is known, 1 being ordinary."""

    recipe: str
    hypothesis: str
    text: str
    """The whole new file."""
    weight: float = 1.0


class Recipe(Protocol):
    """`match → rewrite`: an empty list when the file does not have the shape."""

    def __call__(self, text: str, rng: Random) -> list[Move]:
        """Moves for one file. Draws its free numbers from `rng`."""
