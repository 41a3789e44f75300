"""Records are found by what they are about, newest where that is asked, over rotated segments."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.records import lookup
from daemon.records.audit import AuditLog
from daemon.records.chain import segments


@pytest.fixture
def log(tmp_path: Path, key: Path) -> Path:
    """Twelve decisions `d00…`, each about a candidate, and notes that mention others, over several segments."""
    folder = tmp_path / "audit"
    with AuditLog(folder, key, segment_bytes=2000) as audit:
        for at in range(12):
            name = f"d{at:02}"
            body = {"decision_id": name * 4, "kind": "decision"}
            audit.append("decision", actor="gate", candidate=f"k-c{at}", body=body)
            audit.append("note", actor="ana", candidate=f"k-c{at}", body={"kind": "decision", "text": 'see "k-c1"'})
    assert len(segments(folder)) > 2
    return folder


def test_a_decision_is_found_by_its_beginning(log: Path) -> None:
    found = lookup.decision(log, "d07")
    assert found is not None
    assert found["candidate"] == "k-c7"
    assert lookup.decision(log, "d07" * 4) == found
    assert lookup.decision(log, "d99") is None
    assert lookup.decision(log, "see") is None
    with pytest.raises(LookupError, match="2 decisions begin"):
        lookup.decision(log, "d1")


@pytest.mark.parametrize("count", [1, 3, 12, 99])
def test_the_newest_decisions_come_in_order(log: Path, count: int) -> None:
    found = [record["candidate"] for record in lookup.newest_decisions(log, count)]
    assert found == [f"k-c{at}" for at in range(12)][-count:]


def test_a_candidates_story_is_its_own(log: Path) -> None:
    assert [(record["kind"], record["candidate"]) for record in lookup.of_candidate(log, "k-c1")] == [
        ("decision", "k-c1"),
        ("note", "k-c1"),
    ]
    assert list(lookup.of_candidate(log, 'k-"')) == []


def test_half_a_line_at_the_end_is_left_alone(log: Path) -> None:
    last = segments(log)[-1][1]
    last.write_bytes(last.read_bytes() + b'{"hash":"d07","record":{"kind":"decision"')
    assert len(lookup.newest_decisions(log, 99)) == 12
