"""Seeded random streams: the same words always give the same draws, on every machine and after every restart."""

from __future__ import annotations

import hashlib
import random


def stream(*words: str | int) -> random.Random:
    """A generator seeded by the words, e.g. `stream(spec.seed, "parent", number)`.

    Streams of different words are independent: the seed is the SHA-256 of the length-prefixed words, so no two word
    lists share a seed by accident of joining. For choices that are replayed, never for secrets.
    """
    digest = hashlib.sha256()
    for word in words:
        text = str(word).encode()
        digest.update(len(text).to_bytes(8, "big") + text)
    return random.Random(int.from_bytes(digest.digest(), "big"))  # noqa: S311  reproducible on purpose, guards no secret
