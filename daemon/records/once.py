"""Answers given once: the first value kept under a name stands, so that a repeated step says what it said before."""

from __future__ import annotations

import time

from sqlalchemy import bindparam, insert, select

from daemon.records.db import Database
from daemon.records.tables import kept

_VALUE = select(kept.c.value).where(kept.c.scope == bindparam("of"), kept.c.key == bindparam("name"))


class Once:
    """A table of first answers, by scope (what was asked) and key (about which thing)."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, scope: str, key: str) -> str | None:
        """The value kept under this name, if any."""
        with self._db.read() as connection:
            value: str | None = connection.execute(_VALUE, {"of": scope, "name": key}).scalar()
        return value

    def keep(self, scope: str, key: str, value: str) -> str:
        """Keep `value` unless one is there; returns the one that stands."""
        with self._db.begin() as connection:
            found: str | None = connection.execute(_VALUE, {"of": scope, "name": key}).scalar()
            if found is not None:
                return found
            connection.execute(insert(kept).values(scope=scope, key=key, value=value, created=time.time()))
        return value
