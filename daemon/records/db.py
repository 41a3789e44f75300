"""The database: one engine, transactions with their intent stated (`begin` to write, `read` to look), errors made ours.

SQLite is the default: WAL, foreign keys on, `BEGIN IMMEDIATE` for writers, every commit fsynced. PostgreSQL goes by
URL. Everything that only one of the two understands is in this file. Safe for many threads and several processes.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from daemon.records.files import make_private
from daemon.records.migrations import migrate
from workflows.ports import InfrastructureError

_BUSY_SECONDS = 30
_WRITERS = 7_228_101
"""Number of the PostgreSQL advisory lock that every write transaction takes."""


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"


class Database:
    """The records' database. Opening it brings the schema up to date; raises InfrastructureError when it cannot."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.sqlite = parsed.get_backend_name() == "sqlite"
        self.place = parsed.render_as_string(hide_password=True)
        self._writing = threading.local()
        # One writer per process at a time: threads queue here fairly instead of polling SQLite's file lock.
        self._turn = threading.Lock()
        self._pid = os.getpid()
        if self.sqlite:
            if not parsed.database or parsed.database == ":memory:":
                raise InfrastructureError("records: an in-memory database would lose the records; give a file")
            self._prepare_file(Path(parsed.database))
        try:
            self.engine = self._engine(url)
        except (SQLAlchemyError, ImportError) as error:
            raise InfrastructureError(f"records: cannot use {self.place}: {error}") from error
        with self.begin() as connection:
            self.version = migrate(connection)

    def _prepare_file(self, path: Path) -> None:
        try:
            make_private(path.parent)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise InfrastructureError(f"records: cannot write {path}: {error.strerror}") from error

    def _engine(self, url: str) -> Engine:
        if not self.sqlite:
            return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=24)
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, pool_size=8, max_overflow=56)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction, the only one at its time: committed on leaving, rolled back on any exception.

        Not to be nested in one thread. Raises InfrastructureError when the database cannot be reached, is full, or
        stays locked for 30 s.
        """
        if getattr(self._writing, "now", False):
            raise RuntimeError("records: a write transaction inside another would wait for itself")
        self._writing.now = True
        try:
            if self.sqlite:
                with self._turn, self._transaction("BEGIN IMMEDIATE") as connection:
                    yield connection
            else:
                with self._transaction("") as connection:
                    # One writer at a time, as SQLite has it: what a transaction read stays true until it commits.
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS})
                    yield connection
        finally:
            self._writing.now = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: one consistent view, never blocked by a writer. Raises InfrastructureError as `begin`."""
        with self._transaction("BEGIN") as connection:
            yield connection

    def prefixed(self, column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
        """Whether the text begins with `prefix`, which ends in a slash; by the column's index where there is one."""
        if self.sqlite:  # compares bytes, so what begins with "a/" is what lies between "a/" and "a0"
            return (column >= prefix) & (column < f"{prefix[:-1]}0")
        return column.startswith(prefix, autoescape=True)

    @contextmanager
    def _transaction(self, statement: str) -> Iterator[Connection]:
        if os.getpid() != self._pid:
            raise RuntimeError("records: a database opened before a fork; open it anew in the child")
        try:
            with self.engine.connect() as connection:
                connection = connection.execution_options(ratchet_begin=statement)
                with connection.begin():
                    yield connection
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise InfrastructureError(f"records: {self.place}: {cause}") from error

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions by itself: it would do so late, and without IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_SECONDS * 1000}", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    # The first switch to WAL answers "locked" at once, without waiting, when another process is switching too.
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("ratchet_begin") or "BEGIN")
