"""A promotion that was cut short behind the pointer's move: the next attempt finishes it, and tells of it once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.records.audit import AuditLog
from daemon.records.chain import records
from daemon.records.keys import ensure_signing_key
from daemon.steps.promote import PAIRS, ROUNDS, promote

NUMBERS = {"gain": 0.2, "low": 0.125, "high": 0.25}


class Row(SimpleNamespace):
    """A row of the archive, as far as it is looked at."""

    def model_copy(self, *, update: dict[str, Any]) -> Row:
        return Row(**{**vars(self), **update})


class House:
    """The archive, the log and the targets; whatever else is asked of it fails the test."""

    def __init__(self, home: Path, audit: AuditLog) -> None:
        self.settings, self.audit, self.archive = SimpleNamespace(home=home), audit, self
        self.row = Row(candidate="k-c1", promoted=False, sealed_gain=None, sealed_low=None, sealed_high=None, score=1.0)

    def target(self, name: str) -> Any:
        return SimpleNamespace(name=name)

    def candidate(self, name: str) -> Row:
        assert name == "k-c1"
        return self.row

    def champion(self, target: str) -> str:
        return "k-c1"

    def put(self, row: Row) -> None:
        self.row = row


@pytest.mark.parametrize("kept", [False, True], ids=["before its row was kept", "before its outcome was recorded"])
def test_what_was_moved_is_finished_and_told_once(tmp_path: Path, kept: bool) -> None:
    ensure_signing_key(tmp_path / "key.pem")
    with AuditLog(tmp_path / "audit", tmp_path / "key.pem") as audit:
        body = {"previous": "k-c0", "decision": "d", **NUMBERS}
        audit.append("promote.intent", actor="daemon", campaign="k", candidate="k-c1", body=body)
        fake: Any = House(tmp_path, audit)
        fake.row.promoted = kept
        spec: Any = SimpleNamespace(
            campaign="k",
            choice=SimpleNamespace(candidate="k-c1"),
            facts=SimpleNamespace(target=SimpleNamespace(name="matmul"), seed_candidate="k-c0"),
        )
        nothing: Any = None
        for _ in range(2):
            answer = promote(fake, spec, nothing, nothing, [])
            assert (answer.status, answer.gain, answer.low, answer.high) == ("promoted", 0.2, 0.125, 0.25)
            assert fake.row.promoted and fake.row.sealed_low == 0.125 and fake.row.sealed_pairs == ROUNDS * PAIRS
    told = [record for record in records(tmp_path / "audit") if record["kind"] == "promote.outcome"]
    assert [record["body"] for record in told] == [body]
