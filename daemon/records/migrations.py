"""Numbered steps from an empty database to the present schema, in the SQL that SQLite and PostgreSQL share.

A step that has been released never changes; a new need is a new step at the end.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from sqlalchemy import Connection, inspect, text

from workflows.ports import InfrastructureError


class Migration(NamedTuple):
    """One step: its number (from 1, without gaps), a name for people, and statements run in one transaction."""

    version: int
    name: str
    statements: tuple[str, ...]


_VERSIONS = """CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL,
               applied DOUBLE PRECISION NOT NULL)"""

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        "ledger, journal, archive",
        (
            """CREATE TABLE accounts (campaign TEXT NOT NULL, account TEXT NOT NULL, granted BIGINT NOT NULL,
               cap BIGINT NOT NULL, spent BIGINT NOT NULL CHECK (spent >= 0),
               reserved BIGINT NOT NULL CHECK (reserved >= 0),
               PRIMARY KEY (campaign, account))""",
            """CREATE TABLE extensions (key TEXT NOT NULL, account TEXT NOT NULL, campaign TEXT NOT NULL,
               amount BIGINT NOT NULL CHECK (amount >= 0), created DOUBLE PRECISION NOT NULL,
               PRIMARY KEY (key, account))""",
            """CREATE TABLE reservations (key TEXT NOT NULL PRIMARY KEY, campaign TEXT NOT NULL,
               state TEXT NOT NULL CHECK (state IN ('open', 'settled', 'released')),
               created DOUBLE PRECISION NOT NULL, settled DOUBLE PRECISION)""",
            "CREATE INDEX reservations_by_campaign ON reservations (campaign, state)",
            "CREATE INDEX reservations_by_settled ON reservations (settled)",
            """CREATE TABLE reservation_lines (key TEXT NOT NULL REFERENCES reservations (key), account TEXT NOT NULL,
               amount BIGINT NOT NULL CHECK (amount >= 0), actual BIGINT, PRIMARY KEY (key, account))""",
            """CREATE TABLE model_calls (candidate TEXT NOT NULL, call_index INTEGER NOT NULL,
               request_sha256 TEXT NOT NULL,
               state TEXT NOT NULL CHECK (state IN ('started', 'finished')), response TEXT,
               started DOUBLE PRECISION NOT NULL, finished DOUBLE PRECISION,
               PRIMARY KEY (candidate, call_index, request_sha256))""",
            """CREATE TABLE kept (scope TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
               created DOUBLE PRECISION NOT NULL, PRIMARY KEY (scope, key))""",
            """CREATE TABLE campaigns (campaign TEXT NOT NULL PRIMARY KEY, target TEXT NOT NULL, spec TEXT NOT NULL,
               facts TEXT NOT NULL, status TEXT NOT NULL, report TEXT NOT NULL, opened DOUBLE PRECISION NOT NULL,
               closed DOUBLE PRECISION)""",
            """CREATE TABLE candidates (candidate TEXT NOT NULL PRIMARY KEY,
               campaign TEXT NOT NULL REFERENCES campaigns (campaign), number INTEGER NOT NULL, parent TEXT NOT NULL,
               verdict TEXT NOT NULL, reasons TEXT NOT NULL, score DOUBLE PRECISION, gain DOUBLE PRECISION,
               low DOUBLE PRECISION, high DOUBLE PRECISION, pairs INTEGER NOT NULL, e_value DOUBLE PRECISION,
               threshold DOUBLE PRECISION, sealed_gain DOUBLE PRECISION, sealed_low DOUBLE PRECISION,
               sealed_high DOUBLE PRECISION, sealed_pairs INTEGER NOT NULL, tree TEXT NOT NULL, commit_id TEXT NOT NULL,
               ref TEXT NOT NULL, bundle TEXT NOT NULL, log TEXT NOT NULL, hypothesis TEXT NOT NULL,
               feedback TEXT NOT NULL, model TEXT NOT NULL, genome TEXT NOT NULL, decision_id TEXT NOT NULL,
               spent TEXT NOT NULL, times TEXT NOT NULL, promoted BOOLEAN NOT NULL, created DOUBLE PRECISION NOT NULL,
               updated DOUBLE PRECISION NOT NULL)""",
            "CREATE UNIQUE INDEX candidates_by_number ON candidates (campaign, number)",
            "CREATE INDEX candidates_by_parent ON candidates (parent)",
            "CREATE INDEX candidates_by_tree ON candidates (tree)",
            """CREATE TABLE champion_moves (target TEXT NOT NULL, move INTEGER NOT NULL, candidate TEXT NOT NULL,
               previous TEXT NOT NULL, actor TEXT NOT NULL, decision_id TEXT NOT NULL, reason TEXT NOT NULL,
               moved DOUBLE PRECISION NOT NULL, PRIMARY KEY (target, move))""",
            """CREATE TABLE notes (campaign TEXT NOT NULL, key TEXT NOT NULL, candidate TEXT NOT NULL,
               actor TEXT NOT NULL, body TEXT NOT NULL, created DOUBLE PRECISION NOT NULL,
               PRIMARY KEY (campaign, key))""",
        ),
    ),
    Migration(
        2,
        "how a candidate was made, and what it is like",
        (
            "ALTER TABLE candidates ADD COLUMN arm TEXT NOT NULL DEFAULT 'main'",
            "ALTER TABLE candidates ADD COLUMN operator TEXT NOT NULL DEFAULT 'mutate'",
            "ALTER TABLE candidates ADD COLUMN second TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE candidates ADD COLUMN inspirations TEXT NOT NULL DEFAULT '[]'",
            "ALTER TABLE candidates ADD COLUMN fingerprint TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE candidates ADD COLUMN features TEXT NOT NULL DEFAULT '{}'",
            "ALTER TABLE candidates ADD COLUMN cases TEXT NOT NULL DEFAULT '{}'",
            "CREATE INDEX candidates_by_update ON candidates (campaign, updated)",
        ),
    ),
    Migration(
        3,
        "trials and rollouts of genomes",
        (
            """CREATE TABLE trials (trial TEXT NOT NULL PRIMARY KEY, campaign TEXT NOT NULL, candidate TEXT NOT NULL,
               genome TEXT NOT NULL, purpose TEXT NOT NULL, task TEXT NOT NULL, family TEXT NOT NULL,
               manifest TEXT NOT NULL, model TEXT NOT NULL, seed BIGINT NOT NULL, solved BOOLEAN NOT NULL,
               verdict TEXT NOT NULL, calls INTEGER NOT NULL, spent TEXT NOT NULL, transcript TEXT NOT NULL,
               finished DOUBLE PRECISION NOT NULL)""",
            "CREATE INDEX trials_by_candidate ON trials (candidate)",
            "CREATE INDEX trials_by_genome ON trials (campaign, genome)",
            """CREATE TABLE rollouts (number INTEGER NOT NULL PRIMARY KEY, candidate TEXT NOT NULL,
               genome TEXT NOT NULL, previous TEXT NOT NULL,
               state TEXT NOT NULL CHECK (state IN ('canary', 'current', 'ended', 'rolled-back')),
               share DOUBLE PRECISION NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL,
               started DOUBLE PRECISION NOT NULL, ended DOUBLE PRECISION)""",
        ),
    ),
    Migration(
        4,
        "holds and people's answers to them",
        (
            """CREATE TABLE holds (candidate TEXT NOT NULL PRIMARY KEY, campaign TEXT NOT NULL, kind TEXT NOT NULL,
               body TEXT NOT NULL, opened DOUBLE PRECISION NOT NULL, ended DOUBLE PRECISION)""",
            "CREATE INDEX holds_by_campaign ON holds (campaign, ended)",
            """CREATE TABLE hold_answers (candidate TEXT NOT NULL, key TEXT NOT NULL, action TEXT NOT NULL,
               body TEXT NOT NULL, created DOUBLE PRECISION NOT NULL, PRIMARY KEY (candidate, key))""",
        ),
    ),
    Migration(
        5,
        "leases of GPUs",
        (
            """CREATE TABLE gpus (device TEXT NOT NULL PRIMARY KEY, vendor TEXT NOT NULL,
               state TEXT NOT NULL CHECK (state IN ('free', 'leased', 'resting', 'caring', 'drained')),
               token BIGINT NOT NULL, holder TEXT NOT NULL, expires DOUBLE PRECISION NOT NULL, hangs TEXT NOT NULL,
               reason TEXT NOT NULL, since DOUBLE PRECISION NOT NULL)""",
        ),
    ),
    Migration(
        6,
        "spending by minute",
        (
            """CREATE TABLE spending (minute BIGINT NOT NULL, campaign TEXT NOT NULL, model TEXT NOT NULL,
               account TEXT NOT NULL, amount BIGINT NOT NULL CHECK (amount >= 0),
               PRIMARY KEY (minute, campaign, model, account))""",
            "CREATE INDEX reservations_by_state ON reservations (state)",
        ),
    ),
)


def current(connection: Connection) -> int:
    """The schema version of the database, 0 when it is empty."""
    if not inspect(connection).has_table("schema_version"):
        return 0
    return int(connection.execute(text("SELECT MAX(version) FROM schema_version")).scalar() or 0)


def migrate(connection: Connection, steps: tuple[Migration, ...] = MIGRATIONS) -> int:
    """Bring the database to the newest of `steps` inside the caller's write transaction; returns the version.

    Raises InfrastructureError when the database was written by a newer release.
    """
    present = current(connection)
    newest = steps[-1].version if steps else 0
    if present > newest:
        raise InfrastructureError(
            f"records: the database has schema {present}, this release knows {newest}; run the newer release"
        )
    if present == 0:
        connection.execute(text(_VERSIONS))
    for step in steps:
        if step.version > present:
            for statement in step.statements:
                connection.execute(text(statement))
            connection.execute(
                text("INSERT INTO schema_version (version, name, applied) VALUES (:version, :name, :applied)"),
                {"version": step.version, "name": step.name, "applied": time.time()},
            )
    return newest
