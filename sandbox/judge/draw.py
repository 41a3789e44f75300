"""Randomness of a session: everything is derived from one secret seed, so that a session can be replayed from it."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: bytes, *labels: object) -> np.random.Generator:
    """A generator for one purpose.

    Each purpose hashes the seed anew, so that what a candidate sees of one draw (its inputs) tells it nothing about
    another: the stream of a fast generator can be continued from its outputs, SHA-256 cannot be run backwards.
    """
    material = hashlib.sha256(b"\x00".join([seed, *(str(label).encode() for label in labels)])).digest()
    return np.random.Generator(np.random.SFC64(int.from_bytes(material, "big")))
