"""Champions: which candidate is a target's current version, and every move of that pointer.

The database holds the truth; the git ref `refs/ratchet/champions/<target>` follows it for people who look with git.
"""

from __future__ import annotations

import time

from sqlalchemy import Connection, insert, select

from daemon.records.db import Database
from daemon.records.rows import Move
from daemon.records.tables import champion_moves
from daemon.repo import TreeStore
from workflows.ports import RefusedError


class Champions:
    """The champion pointer of every target, with its history."""

    def __init__(self, db: Database, repo: TreeStore | None) -> None:
        self._db = db
        self._repo = repo

    def current(self, target: str) -> str | None:
        """The promoted candidate, or None before the first promotion."""
        with self._db.read() as connection:
            last = _last(connection, target)
        return last.candidate if last else None

    def history(self, target: str) -> list[Move]:
        """Every move, oldest first."""
        query = select(champion_moves).where(champion_moves.c.target == target).order_by(champion_moves.c.move)
        with self._db.read() as connection:
            return [Move(**row) for row in connection.execute(query).mappings()]

    def move(
        self,
        target: str,
        candidate: str,
        commit: str,
        *,
        actor: str,
        decision_id: str,
        reason: str = "",
        previous: str | None = None,
    ) -> Move:
        """Point `target` at `candidate` (held by `commit`), at most once per decision for one candidate.

        With `previous`, moves only if that is still the champion ("" for none): another campaign may have promoted
        meanwhile. Raises RefusedError then.
        """
        with self._db.begin() as connection:
            moved = self._move(connection, target, candidate, actor, decision_id, reason, previous)
            last = _last(connection, target)
        if self._repo is not None and last is not None and last.move == moved.move:
            self._repo.point(f"refs/ratchet/champions/{target}", commit)
        return moved

    def _move(
        self,
        connection: Connection,
        target: str,
        candidate: str,
        actor: str,
        decision_id: str,
        reason: str,
        previous: str | None,
    ) -> Move:
        done = (
            (champion_moves.c.target == target)
            & (champion_moves.c.candidate == candidate)
            & (champion_moves.c.decision_id == decision_id)
        )
        repeated = connection.execute(select(champion_moves).where(done)).mappings().first()
        if repeated is not None:
            return Move(**repeated)
        last = _last(connection, target)
        standing = last.candidate if last else ""
        if previous is not None and previous != standing:
            raise RefusedError(
                "archive:champion",
                f"archive: {target} moved from {previous or 'nothing'} to {standing or 'nothing'} meanwhile; "
                f"measure {candidate} against that",
            )
        number = last.move + 1 if last else 1
        moved = Move(target, number, candidate, standing, actor, decision_id, reason, time.time())
        connection.execute(insert(champion_moves).values(moved._asdict()))
        return moved


def _last(connection: Connection, target: str) -> Move | None:
    query = select(champion_moves).where(champion_moves.c.target == target).order_by(champion_moves.c.move.desc())
    row = connection.execute(query.limit(1)).mappings().first()
    return None if row is None else Move(**row)
