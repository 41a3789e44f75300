"""A process that ends in the middle, at each place: the next one ends its effects once, and never counts too little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from daemon.gateway.meter import Paid
from daemon.gateway.ports import Completion
from daemon.records.audit import AuditLog
from daemon.records.chain import records
from daemon.records.db import Database, sqlite_url
from daemon.records.journal import Journal
from daemon.records.keys import ensure_signing_key
from daemon.records.kinds import check_kinds
from daemon.records.ledger import Ledger
from daemon.unfinished import ENDED, end_unfinished
from workflows.models import Account

MOST: dict[Account, int] = {"tokens": 100, "wall_ms": 1000}
TAKEN: dict[Account, int] = {"tokens": 10, "wall_ms": 200}
REQUEST = "a" * 64


class House(NamedTuple):
    """What is there after a crash."""

    ledger: Ledger
    journal: Journal
    audit: AuditLog
    directory: Path

    def tell(self, what: str, /, **body: Any) -> None:
        self.audit.append(what, actor="daemon", campaign="k", candidate="k-c1", body=body)

    def call(self, key: str) -> None:
        """An announced call of a model."""
        self.ledger.reserve("k", key, MOST)
        self.journal.begin("k-c1", 0, REQUEST)
        names = {"key": key, "model": "m", "call": 0, "request": REQUEST}
        self.tell("model.call", **names, attempt=0, prompt=REQUEST, reserved=dict(MOST), price={})

    def end(self, *, alone: bool = True) -> list[str]:
        """Kinds of the records that ending everything adds."""
        size = self.audit.size
        end_unfinished(self.ledger, self.journal, self.audit, self.directory, alone=alone)
        self.audit.flush()
        return [record["kind"] for record in records(self.directory) if record["seq"] >= size]

    def spent(self) -> tuple[int, int]:
        line = self.ledger.statement("k")["tokens"]
        return line.spent, line.reserved


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    ensure_signing_key(tmp_path / "keys" / "audit.pem")
    db = Database(sqlite_url(tmp_path / "records.db"))
    with AuditLog(tmp_path / "audit", tmp_path / "keys" / "audit.pem") as audit:
        house = House(Ledger(db), Journal(db), audit, tmp_path / "audit")
        house.ledger.open("k", {"tokens": 1000, "wall_ms": 10_000})
        yield house
        assert house.end() == [], "once is enough"
        assert house.ledger.unsettled() == []
        assert check_kinds(house.directory) == []
    db.close()


def begin(house: House, kind: str = "selftest-1") -> str:
    """An announced effect."""
    key = f"k-c1/{kind}/1"
    house.ledger.reserve("k", key, MOST)
    house.tell(f"{kind}.intent", key=key, reserved=dict(MOST), genome="b" * 40, image="i")
    return key


def test_whatever_was_under_way_has_an_end_and_its_maximum_counts(house: House) -> None:
    key = begin(house)
    assert house.end() == ["selftest-1.outcome"]
    last = list(records(house.directory))[-1]
    assert last["body"] == {"key": key, "ended": ENDED, "spent": dict(MOST), "raw": ""}
    assert (last["campaign"], last["candidate"]) == ("k", "k-c1")
    assert house.spent() == (100, 0)


def test_an_end_that_was_recorded_is_settled_as_it_says(house: House) -> None:
    key = begin(house)
    house.tell("selftest-1.outcome", key=key, ended="done", spent=dict(TAKEN), raw="")
    assert house.end() == []
    assert house.spent() == (10, 0)


def test_what_was_never_announced_never_began(house: House) -> None:
    house.ledger.reserve("k", "k-c1/selftest-1/1", MOST)
    assert house.end() == []
    assert house.spent() == (0, 0)


def test_what_another_host_may_be_doing_is_left_alone(house: House) -> None:
    house.ledger.reserve("k", "k-c1/selftest-1/1", MOST)
    assert house.end(alone=False) == []
    assert house.spent() == (0, 100)


def test_a_call_of_unknown_outcome_counts_whole(house: House) -> None:
    house.call("k-c1/call/0/aaaa/0")
    assert house.end() == ["model.unknown"]
    assert house.spent() == (100, 0)


def test_a_call_whose_answer_had_come_is_settled_by_it(house: House) -> None:
    key = "k-c1/call/0/aaaa/0"
    house.call(key)
    paid = Paid(completion=Completion(text="x", input_tokens=5, output_tokens=5), key=key, spent=TAKEN)
    house.journal.finish("k-c1", 0, REQUEST, paid.model_dump_json(exclude={"replayed"}))
    assert house.end() == ["model.replayed"]
    assert house.spent() == (10, 0)


def test_a_call_answered_in_another_attempt_is_not_settled_by_that_answer(house: House) -> None:
    house.call("k-c1/call/0/aaaa/0")
    paid = Paid(completion=Completion(text="x", input_tokens=5, output_tokens=5), key="other", spent=TAKEN)
    house.journal.finish("k-c1", 0, REQUEST, paid.model_dump_json(exclude={"replayed"}))
    assert house.end() == ["model.unknown"]
    assert house.spent() == (100, 0)


@pytest.mark.parametrize(("end", "spent"), [("model.answer", 10), ("model.fault", 0), ("model.unknown", 100)])
def test_an_ended_call_is_only_settled(house: House, end: str, spent: int) -> None:
    key = "k-c1/call/0/aaaa/0"
    house.call(key)
    names = {"key": key, "model": "m", "call": 0, "request": REQUEST}
    more: dict[str, Any] = {
        "model.answer": {
            "answer": REQUEST,
            "finish": "stop",
            "revision": "",
            "tokens_in": 5,
            "tokens_out": 5,
            "spent": dict(TAKEN),
        },
        "model.fault": {"kind": "key", "billed": False, "detail": REQUEST, "spent": dict.fromkeys(MOST, 0)},
        "model.unknown": {},
    }[end]
    house.tell(end, **names, **more)
    assert house.end() == []
    assert house.spent() == (spent, 0)
