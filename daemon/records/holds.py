"""Holds: which candidates wait for people, and the signed answers that policy let count.

One row a candidate, replaced when it waits again. An answer is kept under the request that brought it, so that a
retried step books it once.
"""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from daemon.records.db import Database
from daemon.records.tables import hold_answers, holds

# Statements that are put together once: every question about a candidate asks for these.
_WAITING = select(holds).where(holds.c.ended.is_(None)).order_by(holds.c.opened)
_WAITING_OF = _WAITING.where(holds.c.campaign == bindparam("of"))
_ANSWERS = (
    select(hold_answers)
    .where(hold_answers.c.candidate == bindparam("of"), hold_answers.c.action == bindparam("action"))
    .order_by(hold_answers.c.created)
)
_STILL = holds.c.ended.is_(None) & (holds.c.candidate == bindparam("of"))
_WAITS = select(holds.c.candidate).where(_STILL)
_END = update(holds).where(_STILL).values(ended=bindparam("at"))


class HoldRow(NamedTuple):
    """A candidate that waits, or waited. `body` is the hold as shown to people; times are Unix seconds."""

    candidate: str
    campaign: str
    kind: str
    body: dict[str, Any]
    opened: float
    ended: float | None


class AnswerRow(NamedTuple):
    """One booked answer: the action, and everything that was signed."""

    action: str
    body: dict[str, Any]


class Holds:
    """Safe from any thread or process."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def open(self, candidate: str, campaign: str, kind: str, body: dict[str, Any]) -> bool:
        """Write down that the candidate waits. True when it did not wait for just this before."""
        text = json.dumps(body, sort_keys=True)
        with self._db.begin() as connection:
            this = holds.c.candidate == candidate
            row = connection.execute(select(holds).where(this)).mappings().first()
            same = row is not None and row["ended"] is None and row["kind"] == kind
            values: dict[str, Any] = {"campaign": campaign, "kind": kind, "body": text, "ended": None}
            if row is None:
                connection.execute(insert(holds).values(candidate=candidate, opened=time.time(), **values))
            else:
                opened = row["opened"] if same else time.time()
                connection.execute(update(holds).where(this).values(opened=opened, **values))
        return not (same and row is not None and row["body"] == text)

    def end(self, candidate: str) -> None:
        """It waits no more. Harmless when it never did."""
        with self._db.read() as connection:
            if connection.execute(_WAITS, {"of": candidate}).first() is None:
                return  # nearly always, and looking costs no turn at writing
        with self._db.begin() as connection:
            connection.execute(_END, {"of": candidate, "at": time.time()})

    def get(self, candidate: str) -> HoldRow | None:
        """The candidate's hold, whether it waits still or not."""
        with self._db.read() as connection:
            row = connection.execute(select(holds).where(holds.c.candidate == candidate)).mappings().first()
        return None if row is None else _row(row)

    def waiting(self, campaign: str = "") -> list[HoldRow]:
        """All that wait, oldest first; of one campaign when it is named."""
        with self._db.read() as connection:
            return _waiting(connection, campaign)

    def book(self, candidate: str, key: str, action: str, body: dict[str, Any]) -> bool:
        """Keep an answer; False when this key is there already."""
        with self._db.begin() as connection:
            mine = (hold_answers.c.candidate == candidate) & (hold_answers.c.key == key)
            if connection.execute(select(hold_answers.c.key).where(mine)).first() is not None:
                return False
            row = {"candidate": candidate, "key": key, "action": action, "body": json.dumps(body, sort_keys=True)}
            connection.execute(insert(hold_answers).values(created=time.time(), **row))
        return True

    def answers(self, candidate: str, action: str) -> list[AnswerRow]:
        """The candidate's booked answers of one kind, oldest first."""
        with self._db.read() as connection:
            return _answers(connection, candidate, action)

    def about(self, campaign: str, candidate: str, action: str) -> tuple[list[HoldRow], list[AnswerRow]]:
        """What `waiting` and `answers` say, as of one instant."""
        with self._db.read() as connection:
            return _waiting(connection, campaign), _answers(connection, candidate, action)


def _waiting(connection: Connection, campaign: str) -> list[HoldRow]:
    query, names = (_WAITING_OF, {"of": campaign}) if campaign else (_WAITING, {})
    return [_row(row) for row in connection.execute(query, names).mappings()]


def _answers(connection: Connection, candidate: str, action: str) -> list[AnswerRow]:
    rows = connection.execute(_ANSWERS, {"of": candidate, "action": action}).mappings()
    return [AnswerRow(str(row["action"]), json.loads(row["body"])) for row in rows]


def _row(row: RowMapping) -> HoldRow:
    return HoldRow(**{**row, "body": json.loads(row["body"])})
