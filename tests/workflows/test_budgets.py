"""The end of a budget, account by account, over a real ledger: the next unit is refused, and the best stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from daemon.records.db import Database, sqlite_url
from daemon.records.ledger import Ledger
from tests.workflows.conftest import Start
from tests.workflows.fakes import FakePorts
from workflows.models import Account, CampaignFacts, CampaignSpec, CandidateSpec, Choice, Edit, Proposal, Scorecard
from workflows.outside import Submission

pytestmark = pytest.mark.temporal

Run = Callable[[FakePorts], Awaitable[Start]]

CAP, MOST, TAKEN = 300, 100, 60
"""Of each account: the cap, what one unit reserves, and what it takes. Room for four units; a fifth would not fit."""
STEPS: dict[Account, str] = {
    "candidates": "choose",
    "micro_usd": "propose",
    "tokens": "propose",
    "cpu_ms": "propose",
    "gpu_ms": "evaluate",
    "wall_ms": "evaluate",
}
"""Account → the step that spends of it here."""


class Metered(FakePorts):
    """Each candidate takes one unit of one account. The second one is accepted, and is the best."""

    def __init__(self, ledger: Ledger, account: Account) -> None:
        super().__init__(lambda number: "accepted" if number == 2 else "failed:no-gain", pace=0.05)
        self.ledger = ledger
        self.account = account
        self.seen: list[int] = []

    def _spend(self, step: str, campaign: str, number: int) -> None:
        if STEPS[self.account] == step:
            self.ledger.reserve(campaign, f"{campaign}/{number}", {self.account: MOST})
            line = self.ledger.statement(campaign)[self.account]
            self.seen.append(line.spent + line.reserved)
            self.ledger.settle(f"{campaign}/{number}", {self.account: TAKEN})

    def open(self, campaign: str, spec: CampaignSpec) -> CampaignFacts:
        self.ledger.open(campaign, {self.account: CAP})
        return super().open(campaign, spec)

    def choose(
        self, spec: CampaignSpec, facts: CampaignFacts, number: int, submission: Submission | None = None
    ) -> Choice:
        self._spend("choose", facts.campaign, number)
        return super().choose(spec, facts, number, submission)

    def propose(self, spec: CandidateSpec) -> Proposal:
        self._spend("propose", spec.campaign, spec.choice.number)
        return super().propose(spec)

    def evaluate(self, spec: CandidateSpec, edit: Edit) -> Scorecard:
        self._spend("evaluate", spec.campaign, spec.choice.number)
        return super().evaluate(spec, edit)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    db = Database(sqlite_url(tmp_path / "records.db"))
    yield Ledger(db)
    db.close()


@pytest.mark.parametrize("account", STEPS)
async def test_at_the_cap_the_next_unit_is_refused_and_the_best_stays(
    run: Run, ledger: Ledger, account: Account
) -> None:
    ports = Metered(ledger, account)
    handle = await (await run(ports))(candidates=50, in_flight=1)
    report = await handle.result()
    assert report["status"] == f"stopped:budget:{account}"
    line = ledger.statement(handle.id)[account]
    assert (line.spent, line.reserved) == (4 * TAKEN, 0)
    assert max(ports.seen) <= CAP
    best = f"{handle.id}-c2"
    assert report["champion"] == best and ports.promoted == [best]
    assert report["verdicts"]["accepted"] == 1 and report["verdicts"]["failed"] == 3
    assert (await handle.query("leaderboard"))["rows"][0]["candidate"] == best
