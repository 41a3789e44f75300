"""What a process that ended had recorded is known to the next one, and asked for once."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.records import earlier
from daemon.records.earlier import Earlier


def line(kind: str, campaign: str, candidate: str) -> dict[str, str]:
    return {"kind": kind, "campaign": campaign, "candidate": candidate}


def test_a_campaign_from_before_is_read_once_and_one_that_begins_now_never(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def mentioning(directory: Path, text: str) -> list[dict[str, str]]:
        asked.append(text)
        return [
            line("candidate.chosen", "k", "k-c1"),
            line("candidate.chosen", "k2", "k2-c1"),
            line("note", "k", "k-c2"),
        ]

    monkeypatch.setattr(earlier, "mentioning", mentioning)
    known = Earlier(Path("log"))
    assert known.has("candidate.chosen", "k", "k-c1") and known.has("note", "k", "k-c2")
    assert not known.has("candidate.decided", "k", "k-c1") and not known.has("candidate.chosen", "k", "k2-c1")
    known.begin("new")
    assert not known.has("candidate.chosen", "new", "new-c1")
    assert asked == ["k"]
