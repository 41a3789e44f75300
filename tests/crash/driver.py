"""One life of a campaign: the daemon's own parts and steps, killed with SIGKILL at a record of the audit log.

Usage: python -m tests.crash.driver <folder> <record at which to die; 0: never>

Before and after every effect stands a record, so these are the seams of all steps. In Temporal's place a file
remembers the results of steps that ended, and how often each was begun; one that did not end is begun again.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio.testing import ActivityEnvironment

from daemon import parts
from daemon.house import House
from daemon.instance import instance_of
from daemon.metrics import Metrics
from daemon.records.audit import AuditLog
from daemon.service import FOLDERS
from daemon.settings import Settings
from daemon.steps.campaigns import CampaignSteps
from daemon.steps.candidates import CandidateSteps
from tests.shared import target_checks
from workflows.models import (
    CampaignFacts,
    CampaignSpec,
    CandidateOutcome,
    CandidateSpec,
    Choice,
    Commit,
    Edit,
    Progress,
    Promotion,
    Proposal,
    Scorecard,
)
from workflows.ports import InfrastructureError
from workflows.reports import CampaignReport

M = TypeVar("M", bound=BaseModel)
CAMPAIGN = "mortal"
CANDIDATES = 4
SPEC = CampaignSpec(target="number", candidates=CANDIDATES, model="ratchet/scripted/number", strategy="best", seed=7)
RESULT = "result.json"


LIGHT = ("choose", "gate", "commit", "record")
"""Steps that are tried once within the workflow's own turn, of which a crash leaves no trace (`workflows/light.py`)."""


class History:
    """What Temporal would remember."""

    def __init__(self, path: Path) -> None:
        self._path = path
        known = json.loads(path.read_text()) if path.exists() else {"done": {}, "begun": {}}
        self._done: dict[str, str] = known["done"]
        self._begun: dict[str, int] = known["begun"]

    def step(self, name: str, kind: type[M], work: Callable[[], M]) -> M:
        """The step's result: the remembered one, or that of another attempt."""
        local = name.rpartition("/")[2] in LIGHT and name not in self._begun
        while name not in self._done:
            if not local:
                self._begun[name] = self._begun.get(name, 0) + 1
                self._save()
            environment = ActivityEnvironment()
            count = 1 if local else self._begun[name]
            environment.info = replace(environment.info, attempt=count, activity_id=name, is_local=local)
            local = False
            try:
                result: M = environment.run(work)
            except InfrastructureError:
                if self._begun[name] > 60:
                    raise
                continue
            self._done[name] = result.model_dump_json()
            self._save()
        return kind.model_validate_json(self._done[name])

    def _save(self) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps({"done": self._done, "begun": self._begun}))
        fresh.replace(self._path)


def die_at(number: int) -> None:
    """Kill this process at its record of that number: an odd one is written first, an even one is not."""
    real, seen = AuditLog.append, 0

    def append(self: AuditLog, *args: Any, **words: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == number and number % 2 == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        made = real(self, *args, **words)
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    AuditLog.append = append  # type: ignore[method-assign]


def live(folder: Path) -> None:
    """From wherever the campaign stands to its end."""
    home = folder / "state"
    home.mkdir(mode=0o711, exist_ok=True)
    for name in FOLDERS:
        (home / name).mkdir(exist_ok=True)
    settings = Settings.load(
        state=home,
        policies=folder / "policies",
        targets=folder / "targets",
        scripts=folder / "scripts",
        target_checks=str(target_checks()),
    )
    metrics = Metrics()
    undo: parts.Undo = []
    opa, activations = parts.policy_engine(settings, metrics)
    undo.append(("opa", opa.stop))
    opa.start()
    house = parts.build(settings, instance_of(home), metrics, opa, undo)
    activations.record_in(house.audit)
    house.backend.reap(())
    around, path, history = CampaignSteps(house), CandidateSteps(house), History(folder / "history.json")
    try:
        facts = history.step("open", CampaignFacts, lambda: around.open(CAMPAIGN, SPEC))
        outcomes = [one(history, around, path, facts, number) for number in range(1, CANDIDATES + 1)]
        best = max(outcomes, key=lambda outcome: outcome.score or 0.0).candidate
        end = Progress(best=best, champion=best, decided=CANDIDATES, next_number=CANDIDATES + 1, stopping="candidates")
        history.step("close", CampaignReport, lambda: around.close(SPEC, facts, end))
        (folder / RESULT).write_text(json.dumps(seen_from_outside(house)))
    finally:
        while undo:
            undo.pop()[1]()


def one(
    history: History, around: CampaignSteps, path: CandidateSteps, facts: CampaignFacts, number: int
) -> CandidateOutcome:
    """The arrows of `workflows/candidate.py`, each remembered."""

    def step(name: str, kind: type[M], work: Callable[[], M]) -> M:
        return history.step(f"{number}/{name}", kind, work)

    choice = step("choose", Choice, lambda: around.choose(SPEC, facts, number))
    spec = CandidateSpec(campaign=CAMPAIGN, choice=choice, facts=facts)
    proposal = step("propose", Proposal, lambda: path.propose(spec))
    edit, commit, promotion = Edit(), None, None
    if proposal.verdict:
        card = Scorecard(verdict=proposal.verdict)
    else:
        edit = step("gate", Edit, lambda: path.gate(spec, proposal))
        card = Scorecard(verdict=edit.verdict)
        if not edit.verdict:
            commit = step("commit", Commit, lambda: path.commit(spec, edit, proposal))
            card = step("evaluate", Scorecard, lambda: path.evaluate(spec, edit))
    if card.verdict == "accepted":
        promotion = step("promote", Promotion, lambda: path.promote(spec, edit, card, []))
    return step("record", CandidateOutcome, lambda: path.record(spec, proposal, edit, commit, card, promotion))


def seen_from_outside(house: House) -> dict[str, Any]:
    """What must be the same however often it died. Times and commit ids, which hold times, are left out."""
    rows = house.archive.candidates(CAMPAIGN)
    shown = ("number", "parent", "verdict", "score", "tree", "promoted", "reasons", "hypothesis", "ref")
    statement = house.ledger.statement(CAMPAIGN)
    return {
        "rows": [row.model_dump(mode="json", include=set(shown)) for row in rows],
        "committed": {row.ref: house.trees.tree_of(row.commit) for row in rows if row.commit},
        "champion": house.archive.champion("number"),
        "moves": [(move.candidate, move.previous) for move in house.archive.champion_history("number")],
        "candidates": statement["candidates"].spent,
        "open": {name: line.reserved for name, line in statement.items() if line.reserved},
    }


if __name__ == "__main__":
    if int(sys.argv[2]):
        die_at(int(sys.argv[2]))
    live(Path(sys.argv[1]))
