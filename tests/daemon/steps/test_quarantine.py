"""A person's quarantine takes a candidate and its line out of use; the line is judged again, all of it once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon import approvals
from daemon.records.archive import Archive
from daemon.records.audit import AuditLog
from daemon.records.db import Database, sqlite_url
from daemon.records.keys import ensure_signing_key
from daemon.records.kinds import check_kinds
from daemon.records.rows import CandidateRow
from daemon.records.soundness import QUARANTINED, SUSPENDED, descendants
from daemon.search.population import believed
from daemon.steps import evaluate, promote, record
from daemon.steps.populations import Populations
from daemon.steps.quarantine import QuarantineSteps, statement
from workflows.models import Scorecard
from workflows.ports import RefusedError
from workflows.quarantine import QuarantineAsked, Quarantined

REASON = "it reads the judge's clock"
ROWS = (  # number, parent, second, verdict, score
    (1, 0, None, "accepted", 0.1),
    (2, 1, None, "accepted", 0.2),  # the one that is found unsound
    (3, 2, None, "accepted", 0.3),
    (4, 3, None, "failed:no-gain", 0.31),
    (5, 3, None, "accepted", 0.4),  # the champion
    (6, 1, 2, "accepted", 0.25),  # a crossover
    (7, 1, None, "accepted", 0.15),  # of another line
    (8, 2, None, "failed:wrong", None),
    (9, 5, None, "", None),  # in flight
)


class House:
    """Real records; the judging itself is another test's."""

    def __init__(self, folder: Path) -> None:
        self.settings = SimpleNamespace(home=folder, signers=folder / "allowed_signers")
        self.database = Database(sqlite_url(folder / "records.db"))
        self.archive = Archive(self.database)
        ensure_signing_key(folder / "audit.pem")
        self.audit = AuditLog(folder / "audit", folder / "audit.pem")
        self.answers: list[str] = []
        self.metrics = SimpleNamespace(hold_answer=self.answers.append)

    def candidate(self, name: str) -> CandidateRow:
        row = self.archive.get(name)
        assert row is not None
        return row

    def candidates(self, *names: str) -> list[CandidateRow]:
        return [self.candidate(name) for name in names]

    def target(self, name: str) -> Any:
        return SimpleNamespace(kind="kernel", name=name)

    def verdicts(self) -> dict[int, str]:
        return {row.number: row.verdict for row in self.archive.candidates("k")}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "ana")], check=True)
    public = (tmp_path / "ana.pub").read_text().split()
    (tmp_path / "allowed_signers").write_text(f"ana {public[0]} {public[1]}\n")
    made = House(tmp_path)
    made.archive.open_campaign("k", "matmul", "{}", "{}")
    made.archive.add_seed("k", "k-c0", tree="0" * 40, commit="0" * 40, ref="r")
    for number, parent, second, verdict, score in ROWS:
        made.archive.put(
            CandidateRow(
                campaign="k",
                number=number,
                candidate=f"k-c{number}",
                parent=f"k-c{parent}",
                second="" if second is None else f"k-c{second}",
                verdict=verdict,
                score=score,
                tree=f"{number}" * 40,
                commit=f"{number}" * 40,
                promoted=number in (1, 5),
            )
        )
    for move, number in enumerate((1, 3, 5)):
        made.archive.promote("matmul", f"k-c{number}", actor="policy", decision_id=f"d{move}")
    yield made
    made.audit.close()
    made.database.close()


def ask(house: House, candidate: str = "k-c2", by: str = "ana", reason: str = REASON) -> Quarantined:
    text = statement(house.candidate(candidate), "ana", REASON)
    signature = approvals.sign(text, house.settings.home / "ana")
    return QuarantineSteps(house).confirm(  # type: ignore[arg-type]
        QuarantineAsked(candidate=candidate, by=by, reason=reason, signature=signature)
    )


def test_a_line_is_out_of_use_and_its_champion_taken_back(house: House) -> None:
    found = ask(house)
    assert found.suspended == ("k-c3", "k-c4", "k-c5", "k-c6")
    assert found.accepted == ("k-c3", "k-c5", "k-c6")
    assert house.verdicts() == {
        0: "seed", 1: "accepted", 2: QUARANTINED, 3: SUSPENDED, 4: SUSPENDED, 5: SUSPENDED, 6: SUSPENDED,
        7: "accepted", 8: "failed:wrong", 9: "",
    }  # fmt: skip
    assert house.archive.champion("matmul") == "k-c1" == found.champion
    assert {row.candidate for row in house.archive.leaderboard("k")} == {"k-c0", "k-c1", "k-c7"}
    parents = believed(Populations(house.archive).of("k"))
    assert set(parents) == {"k-c0", "k-c1", "k-c7"}, "nobody else is a possible parent or inspiration"
    assert house.candidate("k-c2").score is None and not house.candidate("k-c5").promoted
    assert house.answers == ["quarantine"]


def test_where_no_champion_is_sound_the_seed_is(house: House) -> None:
    ask(house, "k-c1")
    assert house.archive.champion("matmul") == "k-c0"


def test_of_another_line_the_champion_stays(house: House) -> None:
    assert ask(house, "k-c7").champion == ""
    assert house.archive.champion("matmul") == "k-c5"


@pytest.mark.parametrize("change", [{"by": "bob"}, {"reason": "another reason"}])
def test_what_is_not_signed_for_does_nothing(house: House, change: dict[str, str]) -> None:
    before = house.verdicts()
    with pytest.raises(RefusedError, match=r"(ana|bob): not signed by"):
        ask(house, **change)
    assert house.verdicts() == before and house.archive.champion("matmul") == "k-c5"


@pytest.mark.parametrize(("candidate", "word"), [("k-c0", "seed"), ("k-c9", "in flight")])
def test_a_seed_or_one_in_flight_is_refused_with_the_remedy(house: House, candidate: str, word: str) -> None:
    with pytest.raises(RefusedError, match=word):
        ask(house, candidate)


class Death(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("survived", range(10))
def test_killed_at_any_write_it_is_gone_on_with_and_nothing_is_twice(
    house: House, survived: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [survived]

    def mortal(work: Callable[..., Any]) -> Callable[..., Any]:
        def write(*args: Any, **kwargs: Any) -> Any:
            if left[0] == 0:
                raise Death
            left[0] -= 1
            return work(*args, **kwargs)

        return write

    with monkeypatch.context() as patched:
        patched.setattr(house.archive, "put", mortal(house.archive.put))
        patched.setattr(house.archive, "promote", mortal(house.archive.promote))
        patched.setattr(house.audit, "append", mortal(house.audit.append))
        try:
            ask(house)
        except Death:
            assert survived < 8
    found = ask(house)
    assert found.accepted == ("k-c3", "k-c5", "k-c6") and found.champion == "k-c1"
    assert [number for number, verdict in house.verdicts().items() if verdict == SUSPENDED] == [3, 4, 5, 6]
    assert [move.candidate for move in house.archive.champion_history("matmul")] == ["k-c1", "k-c3", "k-c5", "k-c1"]
    house.audit.flush()
    log = (house.settings.home / "audit").rglob("*.jsonl")
    kinds = "".join(path.read_text() for path in log)
    assert kinds.count('"quarantine.confirmed"') == kinds.count('"quarantine.done"') == 1
    assert check_kinds(house.settings.home / "audit") == []


def test_judged_again_it_stands_on_the_nearest_sound_ancestor(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    steps, against = QuarantineSteps(house), []  # type: ignore[arg-type]

    def judge(name: str, row: CandidateRow, ancestor: CandidateRow) -> Scorecard:
        against.append((row.candidate, ancestor.candidate))
        good = row.candidate == "k-c3"
        return Scorecard(verdict="accepted" if good else "failed:no-gain", score=(ancestor.score or 0) + 0.05 * good)

    monkeypatch.setattr(steps, "_judge", judge)
    accepted = ask(house).accepted
    found = [steps.reevaluate("q", candidate) for candidate in accepted]
    assert found == ["accepted", "failed:no-gain", "failed:no-gain"]
    assert against == [("k-c3", "k-c1"), ("k-c5", "k-c3"), ("k-c6", "k-c1")]
    assert house.candidate("k-c3").score == pytest.approx(0.15)
    assert "k-c3" in believed(Populations(house.archive).of("k"))
    assert [steps.reevaluate("q", candidate) for candidate in accepted] == found and len(against) == 3
    assert ask(house).accepted == accepted and house.candidate("k-c3").verdict == "accepted"
    house.audit.flush()
    assert check_kinds(house.settings.home / "audit") == []


def test_descent_goes_by_both_parents_and_through_the_undecided(house: House) -> None:
    rows = house.archive.candidates("k")
    assert [row.number for row in descendants(rows, "k-c2")] == [3, 4, 5, 6, 8, 9]
    assert descendants(rows, "k-c9") == []


def spec(number: int, parent: str, second: str = "") -> Any:
    choice = SimpleNamespace(candidate=f"k-c{number}", number=number, parent=parent, second=second, model="m")
    target = SimpleNamespace(name="matmul", metric_kind="time")
    facts = SimpleNamespace(target=target, planned=10, sigma=0.1, seed_candidate="k-c0", genome="")
    return SimpleNamespace(campaign="k", choice=choice, facts=facts)


@pytest.mark.parametrize(
    ("parent", "second", "verdict"), [("k-c7", "", "accepted"), ("k-c7", "k-c2", SUSPENDED), ("k-c5", "", SUSPENDED)]
)
def test_what_was_in_flight_is_not_believed_either(
    house: House, parent: str, second: str, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(house)
    monkeypatch.setattr(evaluate, "measuring", lambda *_, **__: nullcontext(SimpleNamespace(profile={})))
    monkeypatch.setattr(evaluate, "screened", lambda *_: None)
    monkeypatch.setattr(evaluate, "until_decided", lambda *_: None)
    monkeypatch.setattr(evaluate, "rule_for", lambda *_: None)
    monkeypatch.setattr(evaluate, "card_of", lambda *_: Scorecard(verdict="accepted", score=0.9))
    card = evaluate.evaluate(house, spec(9, parent, second), SimpleNamespace(tree="9" * 40))  # type: ignore[arg-type]
    assert card.verdict == verdict == house.candidate("k-c9").verdict
    assert (card.score is None) == (verdict == SUSPENDED)


def test_one_that_waited_for_its_promotion_is_refused_and_recorded_as_it_stands(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(house)
    card = Scorecard(verdict="accepted", score=0.9)
    edit: Any = SimpleNamespace(tree="6" * 40, reasons=(), decision_id="d")
    moved = promote.promote(house, spec(6, "k-c1", "k-c2"), edit, card, [])  # type: ignore[arg-type]
    assert moved.status == "refused" and SUSPENDED in moved.reasons[0]
    monkeypatch.setattr(record, "objection", lambda *_: "")
    monkeypatch.setattr("daemon.genomes.rollout.review", lambda *_: None)
    monkeypatch.setattr(house.metrics, "candidate_decided", lambda *_: None, raising=False)
    monkeypatch.setattr(house, "ledger", SimpleNamespace(spent_under=lambda *_: {}), raising=False)
    monkeypatch.setattr(house, "holds", SimpleNamespace(end=lambda *_: None), raising=False)
    proposal: Any = SimpleNamespace(hypothesis="h", bundle="")
    found = record.record(house, spec(6, "k-c1", "k-c2"), proposal, edit, None, card, moved)  # type: ignore[arg-type]
    assert found.verdict == SUSPENDED == house.candidate("k-c6").verdict
