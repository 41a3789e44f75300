"""Rollouts: which version of the agent new campaigns use, and every change of that. Nothing is deleted.

At most one rollout is a `canary` and at most one is `current`; without a current one the agent of the settings is used.
"""

from __future__ import annotations

import time
from typing import Literal, NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from daemon.records.db import Database
from daemon.records.tables import rollouts
from workflows.ports import RefusedError

State = Literal["canary", "current", "ended", "rolled-back"]


class Rollout(NamedTuple):
    """One rollout. Times are Unix seconds."""

    number: int
    candidate: str
    genome: str
    """Tree hash of the version rolled out."""
    previous: str
    """Tree hash of the version in use before; empty for the agent of the settings."""
    state: State
    share: float
    """Part of a new campaign's candidates that a canary proposes."""
    actor: str
    reason: str
    started: float
    ended: float | None


class Rollouts:
    """Safe from any thread or process."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def history(self) -> list[Rollout]:
        """Every rollout, oldest first."""
        with self._db.read() as connection:
            found = connection.execute(select(rollouts).order_by(rollouts.c.number)).mappings().all()
        return [Rollout(**row) for row in found]

    def canary(self) -> Rollout | None:
        """The rollout under trial."""
        return self._in("canary")

    def current(self) -> Rollout | None:
        """The rollout that everything new uses, if any was completed."""
        return self._in("current")

    def start(self, candidate: str, genome: str, *, share: float, actor: str) -> Rollout:
        """Begin a canary; the same candidate twice in a row is one rollout.

        Raises RefusedError while another one is under trial.
        """
        with self._db.begin() as connection:
            under_trial = _one(connection, "canary")
            if under_trial is not None and under_trial.candidate == candidate:
                return under_trial
            if under_trial is not None:
                raise RefusedError(
                    "GENOME-CANARY",
                    f"{under_trial.candidate} is still under trial; complete it or roll it back first",
                )
            current = _one(connection, "current")
            if current is not None and current.candidate == candidate:
                return current
            number = int(connection.execute(select(func.max(rollouts.c.number))).scalar() or 0) + 1
            previous = current.genome if current else ""
            new = Rollout(number, candidate, genome, previous, "canary", share, actor, "", time.time(), None)
            connection.execute(insert(rollouts).values(new._asdict()))
        return new

    def complete(self, number: int, *, actor: str, reason: str) -> bool:
        """The canary becomes current, and what was current ends; False when it was no canary any more."""
        with self._db.begin() as connection:
            if not _is(connection, number, "canary"):
                return False
            old = rollouts.c.state == "current"
            connection.execute(update(rollouts).where(old).values(state="ended", ended=time.time()))
            this = rollouts.c.number == number
            connection.execute(update(rollouts).where(this).values(state="current", actor=actor, reason=reason))
        return True

    def roll_back(self, number: int, *, actor: str, reason: str) -> bool:
        """End a canary or the current rollout; what was current before it is current again. False when it had ended."""
        with self._db.begin() as connection:
            was_current = _is(connection, number, "current")
            if not was_current and not _is(connection, number, "canary"):
                return False
            this = rollouts.c.number == number
            ended = {"state": "rolled-back", "actor": actor, "reason": reason, "ended": time.time()}
            connection.execute(update(rollouts).where(this).values(ended))
            if was_current:
                before = (
                    select(rollouts.c.number)
                    .where(rollouts.c.number < number, rollouts.c.state == "ended")
                    .order_by(rollouts.c.number.desc())
                    .limit(1)
                )
                again = connection.execute(before).scalar()
                if again is not None:
                    back = rollouts.c.number == again
                    connection.execute(update(rollouts).where(back).values(state="current", ended=None))
        return True

    def _in(self, state: State) -> Rollout | None:
        with self._db.read() as connection:
            return _one(connection, state)


def _one(connection: Connection, state: State) -> Rollout | None:
    row = connection.execute(select(rollouts).where(rollouts.c.state == state)).mappings().first()
    return None if row is None else Rollout(**row)


def _is(connection: Connection, number: int, state: State) -> bool:
    query = select(rollouts.c.state).where(rollouts.c.number == number)
    return bool(connection.execute(query).scalar() == state)
