"""Which candidates wait for people, and what was answered."""

from __future__ import annotations

from daemon.records.db import Database
from daemon.records.holds import Holds


def test_a_hold_ends_once_and_only_where_there_is_one(db: Database) -> None:
    holds = Holds(db)
    assert holds.open("k-c1", "k", "override", {"codes": ["EDIT-SIZE"]})
    assert not holds.open("k-c1", "k", "override", {"codes": ["EDIT-SIZE"]})
    holds.end("k-c2")
    assert [row.candidate for row in holds.waiting("k")] == ["k-c1"]
    holds.end("k-c1")
    first = holds.get("k-c1")
    holds.end("k-c1")
    assert holds.waiting("k") == [] and first is not None and first == holds.get("k-c1")


def test_what_is_known_about_a_candidate_is_read_at_once(db: Database) -> None:
    holds = Holds(db)
    holds.open("k-c1", "k", "override", {})
    holds.open("other-c1", "other", "override", {})
    assert holds.book("k-c2", "request", "override", {"by": "ana"})
    assert not holds.book("k-c2", "request", "override", {"by": "ben"})
    waiting, answers = holds.about("k", "k-c2", "override")
    assert [row.candidate for row in waiting] == ["k-c1"]
    assert [answer.body for answer in answers] == [{"by": "ana"}]
    assert holds.about("k", "k-c1", "override")[1] == holds.answers("k-c2", "reject") == []
