"""A campaign whose books agree has no mismatch; each kind of disagreement that is planted is found and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from daemon.records.ledger import Reservation
from daemon.records.reconcile import Beside, Commit, reconcile
from workflows.models import Account

K, C = "k", "k-c1"
EFFECT, CALL, PLACE = f"{C}/evaluate/1", f"{C}/call/0/aa/0", f"{C}/place"
RESERVED: dict[Account, int] = {"cpu_ms": 100, "wall_ms": 100}
SPENT: dict[Account, int] = {"cpu_ms": 10, "wall_ms": 20}
CALLED: dict[Account, int] = {"tokens": 50}
ANSWERED: dict[Account, int] = {"tokens": 5}
SHA, TREE = "c" * 40, "d" * 40


class Books:
    """A campaign of one candidate, and what stands beside it; tests spoil them."""

    def __init__(self) -> None:
        effect, call = {"key": EFFECT}, {"key": CALL}
        self.records: list[dict[str, Any]] = []
        self.tell("campaign.open.intent", "")
        self.tell("campaign.open.outcome", "")
        self.tell("candidate.chosen")
        self.tell("model.call", reserved=CALLED, **call)
        self.tell("model.answer", spent=ANSWERED, **call)
        self.tell("evaluate.intent", reserved=RESERVED, **effect)
        self.tell("seed.committed", step="evaluate")
        self.tell("seed.revealed", step="evaluate")
        self.tell("evaluate.outcome", ended="done", spent=SPENT, **effect)
        self.tell("promote.intent")
        self.tell("promote.outcome")
        self.tell("candidate.decided", verdict="accepted", commit=SHA, tree=TREE)
        self.tell("campaign.close", "")
        self.lines = {
            PLACE: Reservation(PLACE, K, "settled", {"candidates": 1}, {"candidates": 1}, 0.0),
            CALL: Reservation(CALL, K, "settled", CALLED, ANSWERED, 0.0),
            EFFECT: Reservation(EFFECT, K, "settled", RESERVED, SPENT, 0.0),
        }
        self.refs = {0: Commit("a" * 40, "b" * 40), 1: Commit(SHA, TREE)}
        self.containers: list[str] = []
        self.workflows: dict[str, str] | None = {C: "accepted"}

    def tell(self, what: str, candidate: str = C, **body: Any) -> None:
        record = {"seq": len(self.records), "kind": what, "campaign": K, "candidate": candidate, "body": body}
        self.records.append(record)

    def drop(self, kind: str) -> None:
        self.records = [record for record in self.records if record["kind"] != kind]

    def twice(self, kind: str) -> None:
        at = next(number for number, record in enumerate(self.records) if record["kind"] == kind)
        self.records.insert(at, self.records[at])

    def change(self, kind: str, **body: Any) -> None:
        for record in self.records:
            if record["kind"] == kind:
                record["body"] |= body

    def settle(self, key: str, **changes: Any) -> None:
        self.lines[key] = self.lines[key]._replace(**changes)

    def mismatches(self) -> list[str]:
        lines = list(self.lines.values())
        return reconcile(K, self.records, Beside(lines, self.refs, self.containers, self.workflows))


def test_books_that_agree() -> None:
    assert Books().mismatches() == []


SPOILT: dict[str, tuple[Callable[[Books], object], str]] = {
    "an effect without its outcome": (lambda b: b.drop("evaluate.outcome"), "it has no end"),
    "an outcome that nothing announced": (lambda b: b.drop("evaluate.intent"), "nothing announced it"),
    "an effect announced twice": (lambda b: b.twice("evaluate.intent"), "announced before"),
    "an effect ended twice": (lambda b: b.twice("evaluate.outcome"), "ended before"),
    "a call without its end": (lambda b: b.drop("model.answer"), "it has no end"),
    "an answer that nobody asked for": (lambda b: b.drop("model.call"), "nothing announced it"),
    "a call answered twice": (lambda b: b.twice("model.answer"), "ended before"),
    "a replay of no call": (lambda b: b.tell("model.replayed", key="x"), "nothing announced it"),
    "a promotion without its outcome": (lambda b: b.drop("promote.outcome"), "promote.intent) of k-c1: it has no end"),
    "a promotion that nothing announced": (lambda b: b.drop("promote.intent"), "nothing announced it"),
    "a campaign that was never opened": (lambda b: b.drop("campaign.open.outcome"), "it has no end"),
    "a seed that was never revealed": (lambda b: b.drop("seed.revealed"), "unequally often (+1)"),
    "a seed that was never committed": (lambda b: b.drop("seed.committed"), "unequally often (-1)"),
    "a candidate never chosen": (lambda b: b.drop("candidate.chosen"), "chosen 0 times"),
    "a candidate chosen twice": (lambda b: b.twice("candidate.chosen"), "chosen 2 times"),
    "a candidate never decided": (lambda b: b.drop("candidate.decided"), "decided 0 times"),
    "a candidate decided twice": (lambda b: b.twice("candidate.decided"), "decided 2 times"),
    "a line that was never settled": (lambda b: b.settle(EFFECT, state="open", actual={}), "never settled"),
    "a line released under an effect": (lambda b: b.settle(EFFECT, state="released"), "released, but record"),
    "a line that is gone": (lambda b: b.lines.pop(EFFECT), "knows no reservation"),
    "a line of no effect": (lambda b: b.lines.update(x=b.lines[EFFECT]._replace(key="x")), "nothing announced it"),
    "another amount reserved": (lambda b: b.settle(CALL, amounts={"tokens": 51}), "says otherwise"),
    "another amount spent": (lambda b: b.settle(CALL, actual={"tokens": 4}), "settled at"),
    "a ref that moved": (lambda b: b.refs.update({1: Commit("e" * 40, TREE)}), "the ref holds"),
    "a ref that holds another tree": (lambda b: b.refs.update({1: Commit(SHA, "e" * 40)}), "the ref holds"),
    "a ref that is gone": (lambda b: b.refs.pop(1), "the ref holds None"),
    "a commit of nobody": (lambda b: b.refs.update({2: Commit(SHA, TREE)}), "never chosen"),
    "a commit of the denied": (
        lambda b: (b.change("candidate.decided", verdict="denied:X", commit=""), b.workflows.update({C: "denied:X"})),  # type: ignore[union-attr]
        "denied, and committed",
    ),
    "a container of the past": (lambda b: b.containers.append(C), "still serves k-c1"),
    "a judge of the past": (lambda b: b.containers.append(""), "still serves k,"),
    "another verdict in Temporal": (
        lambda b: b.change("candidate.decided", verdict="failed:wrong"),
        "ended as accepted",
    ),
    "a workflow that nobody recorded": (lambda b: b.workflows.update({"k-c2": "x"}), "recorded as nothing"),  # type: ignore[union-attr]
    "a record without a workflow": (lambda b: b.workflows.clear(), "no workflow of it is known"),  # type: ignore[union-attr]
}


@pytest.mark.parametrize("name", SPOILT)
def test_each_kind_of_mismatch_is_found(name: str) -> None:
    books = Books()
    spoil, told = SPOILT[name]
    spoil(books)
    assert any(told in problem for problem in books.mismatches()), books.mismatches()


def test_what_a_crash_left_is_no_mismatch_once_it_has_an_end() -> None:
    books = Books()
    key, call = f"{C}/evaluate/2", f"{C}/call/1/aa/0"
    end = books.records.pop()
    books.tell("evaluate.intent", key=key, reserved=RESERVED)
    books.tell("seed.committed", step="evaluate")
    books.tell("evaluate.outcome", key=key, ended="unknown: the daemon ended in the middle", spent=RESERVED)
    books.tell("model.call", key=call, reserved=CALLED)
    books.tell("model.unknown", key=call)
    books.records.append(end)
    books.lines[key] = Reservation(key, K, "settled", RESERVED, RESERVED, 0.0)
    books.lines[call] = Reservation(call, K, "settled", CALLED, CALLED, 0.0)
    books.lines["x"] = Reservation("x", K, "released", CALLED, {}, 0.0)
    assert books.mismatches() == []


def test_a_running_campaign_may_be_in_the_middle() -> None:
    books = Books()
    for kind in ("campaign.close", "candidate.decided", "promote.outcome", "evaluate.outcome", "seed.revealed"):
        books.drop(kind)
    books.settle(EFFECT, state="open", actual={})
    books.containers, books.workflows = [C], {C: ""}
    assert books.mismatches() == []


def test_what_temporal_has_forgotten_is_not_compared() -> None:
    books = Books()
    books.workflows = None
    assert books.mismatches() == []
