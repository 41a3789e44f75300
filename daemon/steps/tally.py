"""How a campaign was governed, in numbers: what rules found, by their level, and what people answered to holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from daemon.metrics.labels import LEVELS
from daemon.records import lookup

ANSWERS = {
    "hold.opened": "holds",
    "hold.approved": "approvals",
    "hold.overridden": "overrides",
    "hold.escalated": "escalations",
    "hold.rejected": "rejections",
    "hold.answer.refused": "refused-answers",
}
"""Kinds of records about holds, to the word under which they are counted."""
ONCE = ("hold.opened", "hold.approved", "hold.rejected")
"""Told again whenever the same is asked again: these count once for each candidate and person."""


def tally(audit: Path, campaign: str) -> dict[str, int]:
    """Counts over the campaign's audit records, zeros included; findings count in every decision that told them."""
    counts: Counter[str] = Counter()
    told: set[tuple[str, str, str]] = set()
    for record in lookup.mentioning(audit, campaign):
        if record["campaign"] != campaign:
            continue
        kind, body = record["kind"], record["body"]
        if kind == lookup.DECISION:
            counts.update(found.get("level", "") for found in (*body.get("deny", ()), *body.get("warn", ())))
        elif kind in ANSWERS:
            one = (kind, record["candidate"], record["actor"])
            counts[ANSWERS[kind]] += not (kind in ONCE and one in told)
            told.add(one)
    return {name: counts[name] for name in (*LEVELS, *ANSWERS.values())}
