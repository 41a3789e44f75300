"""Which candidates may be built on, after a person found one to be unsound. Pure, over a campaign's rows."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.records.rows import SEED_VERDICT, CandidateRow

QUARANTINED = "quarantined:person"
"""Verdict of a candidate that a person took out of use: no score, never a parent again."""
SUSPENDED = "inconclusive:ancestor"
"""Verdict of what descends from it until it was judged again: no parent, no inspiration, no champion."""


def out_of_use(verdict: str) -> bool:
    """Whether nothing may be built on a candidate with this verdict."""
    return verdict in (QUARANTINED, SUSPENDED)


def descendants(rows: Sequence[CandidateRow], candidate: str) -> list[CandidateRow]:
    """Everything that was made from the candidate, by either parent, in the order of their numbers."""
    tainted = {candidate}
    found = []
    for row in sorted(rows, key=lambda one: one.number):
        if row.candidate not in tainted and (row.parent in tainted or row.second in tainted):
            tainted.add(row.candidate)
            found.append(row)
    return found


def nearest_sound(line: Sequence[CandidateRow]) -> CandidateRow | None:
    """The first accepted candidate or seed of a lineage that begins with the candidate itself."""
    return next((row for row in line[1:] if row.verdict in ("accepted", SEED_VERDICT)), None)
