"""How alike two texts are by their embeddings: vectors of a model, or of ours that needs none."""

from __future__ import annotations

import hashlib
import json
import math
import re
from array import array
from collections.abc import Sequence

_WORD = re.compile(r"\w+|[^\w\s]")
DIMENSIONS = 512
RUN = 3
"""Tokens of a run that is counted as one feature."""
MOST_DIMENSIONS = 8192


def hashed(text: str) -> list[float]:
    """A text's embedding without a model: runs of one to three tokens, hashed to 512 signed dimensions, length 1.

    After Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (2009). Layout counts for nothing, and
    how often a run stands there by its square root.
    """
    found = _WORD.findall(text)
    counts: dict[bytes, int] = {}
    for start in range(len(found)):
        for size in range(1, min(RUN, len(found) - start) + 1):
            feature = "\0".join(found[start : start + size]).encode("utf-8", "surrogateescape")
            counts[feature] = counts.get(feature, 0) + 1
    vector = [0.0] * DIMENSIONS
    for feature, count in counts.items():
        number = int.from_bytes(hashlib.blake2b(feature, digest_size=8).digest(), "big")
        vector[number % DIMENSIONS] += math.sqrt(count) * (1 if number >> 63 else -1)
    return unit(vector)


def unit(vector: Sequence[float]) -> list[float]:
    """The vector at length 1; of zeros, as it is."""
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector] if length else list(vector)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two vectors of length 1: -1 to 1. Vectors of different models are unlike (0)."""
    if len(one) != len(other):
        return 0.0
    return sum(a * b for a, b in zip(one, other, strict=True))


def packed(vector: Sequence[float]) -> str:
    """As hexadecimal text, four bytes a dimension."""
    return array("f", vector).tobytes().hex()


def unpacked(text: str) -> array[float]:
    """What `packed` was given, at single precision."""
    return array("f", bytes.fromhex(text))


def read(answer: str) -> list[float]:
    """A provider's vector, at length 1. Raises ValueError for anything else."""
    found = json.loads(answer)
    if not isinstance(found, list) or not 0 < len(found) <= MOST_DIMENSIONS:
        raise ValueError("no vector")
    if not all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) for value in found
    ):
        raise ValueError("a vector of something else than numbers")
    return unit([float(value) for value in found])
