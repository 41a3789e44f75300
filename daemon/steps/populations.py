"""The candidates of running campaigns, kept in memory and brought up to date by what was written since."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from daemon.records.archive import Archive
from daemon.records.rows import CandidateRow
from daemon.search.population import Member

OVERLAP = 5.0
"""Seconds that are read again: two daemons' clocks may differ."""
KEPT = 16
"""Campaigns in memory; the one not asked for longest goes first."""


@dataclass
class _Kept:
    members: dict[int, Member] = field(default_factory=dict)
    written: dict[int, float] = field(default_factory=dict)
    seen: float = 0.0


class Populations:
    """A cache, and nothing but a cache: it can be dropped at any moment. Safe from any thread."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def of(self, campaign: str) -> list[Member]:
        """Every candidate by number, the seed first, as the archive has them now."""
        with self._lock:
            kept = self._kept.pop(campaign, None) or _Kept()
            since = kept.seen - OVERLAP if kept.members else 0.0
            for row in self._archive.changed(campaign, since, kept.written):
                kept.members[row.number] = member(row)
                kept.written[row.number] = row.updated
                kept.seen = max(kept.seen, row.updated)
            self._kept[campaign] = kept
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
            return [kept.members[number] for number in sorted(kept.members)]


def member(row: CandidateRow) -> Member:
    """A row of the archive as the search sees it. One that waits for a person is a possible parent already."""
    return Member(
        candidate=row.candidate,
        number=row.number,
        parent=row.parent,
        verdict=row.verdict,
        score=row.score,
        gain=row.gain,
        arm=row.arm,
        operator=row.operator,
        second=row.second,
        model=row.model,
        tree=row.tree if row.commit else "",
        micro_usd=row.spent.get("micro_usd", 0),
        fingerprint=row.fingerprint,
        features=row.features,
        cases=row.cases,
        hypothesis=row.hypothesis,
        bundle=row.bundle,
    )
