"""Trials: one version of the agent on one task, as the judge saw it. The first result of a trial stands."""

from __future__ import annotations

import json
import time

from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping, insert, select

from daemon.records.db import Database
from daemon.records.tables import trials


class TrialRow(BaseModel):
    """One trial. `spent` is in ledger units by account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trial: str
    """Its name in the ledger, the journal and the engine."""
    campaign: str
    candidate: str
    """Whose trial it is; the version under test is `genome`."""
    genome: str
    """Tree hash of the agent."""
    purpose: str
    """`visible`, `validation`, `sealed`, `transfer`, or the last two with `-base` for the version compared with."""
    task: str
    family: str
    manifest: str
    """Of the task: judge's files and first tree."""
    model: str
    seed: int
    solved: bool
    verdict: str
    """`solved`, or why not: `failed:…`, `denied:…`, `killed:…`, `quarantined:…`."""
    calls: int = 0
    spent: dict[str, int] = {}
    transcript: str = ""
    """Blob hash: every prompt and answer, what the container said, and the judge's public words."""
    finished: float = 0.0
    """Unix seconds."""


class Trials:
    """The table of trials. Safe from any thread or process."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, trial: str) -> TrialRow | None:
        """One trial, once it has a result."""
        with self._db.read() as connection:
            row = connection.execute(select(trials).where(trials.c.trial == trial)).mappings().first()
        return None if row is None else _row(row)

    def keep(self, row: TrialRow) -> TrialRow:
        """Keep a result; the first one stands, and is returned."""
        values = {**row.model_dump(), "finished": time.time(), "spent": json.dumps(row.spent, sort_keys=True)}
        with self._db.begin() as connection:
            found = connection.execute(select(trials).where(trials.c.trial == row.trial)).mappings().first()
            if found is not None:
                return _row(found)
            connection.execute(insert(trials).values(values))
        return row.model_copy(update={"finished": values["finished"]})

    def of(self, candidate: str) -> list[TrialRow]:
        """All trials of a candidate, by purpose and task."""
        query = select(trials).where(trials.c.candidate == candidate)
        with self._db.read() as connection:
            found = connection.execute(query.order_by(trials.c.purpose, trials.c.task)).mappings().all()
        return [_row(row) for row in found]


def _row(found: RowMapping) -> TrialRow:
    values = dict(found)
    values["spent"] = json.loads(values["spent"])
    return TrialRow(**values)
