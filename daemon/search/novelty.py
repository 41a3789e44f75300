"""Has this been tried already? A screen that costs no evaluation and may only reject.

In a small kernel one token (a tile size, the order of two loops, one `restrict`) is the whole difference between two
candidates, so only trees that are certain to behave the same count as twins by default: same tokens, comments and
layout aside. The near-twin screen by shingles is for large trees and must be asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from daemon.search.tokens import is_literal, language_of, tokens

SHINGLE = 5


@dataclass(frozen=True)
class Fingerprint:
    """What is compared of a tree."""

    candidate: str
    exact: str
    """SHA-256 over paths and normalised tokens."""
    shingles: frozenset[int] | None
    """64-bit hashes of each run of 5 tokens; None unless asked for (some 60 bytes a token)."""
    literals: str
    """SHA-256 over the sorted numbers and texts: a changed constant is a different candidate, however near."""


@dataclass(frozen=True)
class Twin:
    """An earlier candidate that is the same or nearly so."""

    candidate: str
    kind: str
    """`exact` or `near`."""
    similarity: float


def fingerprint(candidate: str, files: Mapping[str, bytes], *, near: bool = False) -> Fingerprint:
    """Fingerprint of a tree (path to content), with shingles where near twins are looked for.

    Bytes that are no UTF-8 are taken as they are.
    """
    exact: list[str] = []
    shingles: set[int] = set()
    literals: list[str] = []
    for path in sorted(files):
        found = tokens(files[path].decode("utf-8", "surrogateescape"), language_of(path))
        exact += [path, str(len(found)), *found]
        literals.extend(one for one in found if is_literal(one))
        for start in range(max(1, len(found) - SHINGLE + 1) if near else 0):
            digest = hashlib.blake2b(_packed(path, *found[start : start + SHINGLE]), digest_size=8).digest()
            shingles.add(int.from_bytes(digest, "big"))
    return Fingerprint(candidate, _sha256(*exact), frozenset(shingles) if near else None, _sha256(*sorted(literals)))


def similarity(one: Fingerprint, other: Fingerprint) -> float:
    """Jaccard index of the shingles (0 to 1). After Broder, "On the resemblance of documents" (1997).

    Raises ValueError for a fingerprint without shingles.
    """
    if one.shingles is None or other.shingles is None:
        raise ValueError("these fingerprints have no shingles; make them with near=True")
    union = len(one.shingles | other.shingles)
    return len(one.shingles & other.shingles) / union if union else 1.0


def find_twin(new: Fingerprint, seen: Iterable[Fingerprint], near: float | None = None) -> Twin | None:
    """The first exact twin, else the nearest one at or above `near` that has the same constants; None: novel enough.

    `near` None (the default) looks for exact twins only.
    """
    closest: Twin | None = None
    for old in seen:
        if old.exact == new.exact:
            return Twin(old.candidate, "exact", 1.0)
        if near is None or old.literals != new.literals:
            continue
        alike = similarity(new, old)
        if alike >= near and (closest is None or alike > closest.similarity):
            closest = Twin(old.candidate, "near", alike)
    return closest


def _sha256(*words: str) -> str:
    return hashlib.sha256(_packed(*words)).hexdigest()


def _packed(*words: str) -> bytes:
    # Length-prefixed, so that no two word lists give the same bytes.
    encoded = [word.encode("utf-8", "surrogateescape") for word in words]
    return b"".join(len(word).to_bytes(8, "big") + word for word in encoded)
