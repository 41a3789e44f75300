"""Where leases are kept: a table of the records' database, with one writer at a time over all processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, insert, select, update

from daemon.gpus.leases import DeviceRow, Rows
from daemon.records.db import Database
from daemon.records.tables import gpus


class DatabaseShelf:
    """Rows in the records' database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @contextmanager
    def edit(self) -> Iterator[Rows]:
        """See `Shelf.edit`."""
        with self._db.begin() as connection:
            before = _read(connection)
            rows = dict(before)
            yield rows
            for device, row in rows.items():
                values = {**row._asdict(), "hangs": json.dumps(row.hangs)}
                if device not in before:
                    connection.execute(insert(gpus).values(**values))
                elif row != before[device]:
                    connection.execute(update(gpus).where(gpus.c.device == device).values(**values))

    def look(self) -> Rows:
        """See `Shelf.look`."""
        with self._db.read() as connection:
            return _read(connection)


def _read(connection: Connection) -> Rows:
    found = connection.execute(select(*(gpus.c[name] for name in DeviceRow._fields)))
    rows = [DeviceRow(*row) for row in found]
    return {row.device: row._replace(hangs=tuple(json.loads(str(row.hangs)))) for row in rows}
