"""A fresh database, key and audit directory for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.records.db import Database, sqlite_url
from daemon.records.keys import ensure_signing_key


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path / "records.db"))
    yield database
    database.close()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "audit.pem"
    ensure_signing_key(path)
    return path
