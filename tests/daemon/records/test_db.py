"""The database: schema and migrations, transactions of many threads and processes, errors in our words."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from daemon.records import migrations
from daemon.records.db import Database, sqlite_url
from daemon.records.tables import METADATA
from workflows.ports import InfrastructureError


def test_migrations_make_the_tables_that_the_code_sees(db: Database) -> None:
    with db.read() as connection:
        found = inspect(connection)
        assert set(found.get_table_names()) == set(METADATA.tables)
        for name, table in METADATA.tables.items():
            columns = {column["name"]: column for column in found.get_columns(name)}
            assert set(columns) == {column.name for column in table.columns}, name
            for column in table.columns:
                assert columns[column.name]["nullable"] == (column.nullable and not column.primary_key), (
                    name,
                    column.name,
                )
            assert found.get_pk_constraint(name)["constrained_columns"] == [column.name for column in table.primary_key]
            indexes = {index["name"]: bool(index["unique"]) for index in found.get_indexes(name)}
            assert indexes == {index.name: bool(index.unique) for index in table.indexes}, name


def test_migration_numbers_have_no_gaps() -> None:
    assert [step.version for step in migrations.MIGRATIONS] == list(range(1, len(migrations.MIGRATIONS) + 1))


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "deep" / "records.db")
    first = Database(url)
    first.close()
    second = Database(url)
    with second.read() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM schema_version")).scalar() == len(migrations.MIGRATIONS)
    second.close()


def test_a_failing_migration_leaves_the_old_schema(db: Database) -> None:
    broken = migrations.Migration(
        len(migrations.MIGRATIONS) + 1, "broken", ("CREATE TABLE half (a INTEGER)", "CREATE TABLE nonsense (")
    )
    with pytest.raises(InfrastructureError), db.begin() as connection:
        migrations.migrate(connection, (*migrations.MIGRATIONS, broken))
    with db.read() as connection:
        assert not inspect(connection).has_table("half")
        assert migrations.current(connection) == len(migrations.MIGRATIONS)


def test_a_database_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "records.db")
    database = Database(url)
    with database.begin() as connection:
        connection.execute(text("INSERT INTO schema_version VALUES (99, 'later', 0)"))
    database.close()
    with pytest.raises(InfrastructureError, match="schema 99, this release knows"):
        Database(url)


def test_only_the_owner_may_read_the_file(tmp_path: Path, db: Database) -> None:
    for path in tmp_path.glob("records.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_an_exception_rolls_back(db: Database) -> None:
    with pytest.raises(KeyError), db.begin() as connection:
        connection.execute(text("INSERT INTO kept VALUES ('s', 'k', 'v', 0)"))
        raise KeyError
    with db.read() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM kept")).scalar() == 0


def test_a_nested_write_says_so_instead_of_waiting_for_itself(db: Database) -> None:
    with db.begin(), pytest.raises(RuntimeError, match="inside another"), db.begin():
        pass
    with db.begin():
        pass


def test_a_reader_sees_one_instant(db: Database) -> None:
    with db.read() as reader:
        assert reader.execute(text("SELECT COUNT(*) FROM kept")).scalar() == 0
        with db.begin() as writer:
            writer.execute(text("INSERT INTO kept VALUES ('s', 'k', 'v', 0)"))
        assert reader.execute(text("SELECT COUNT(*) FROM kept")).scalar() == 0


def test_errors_name_the_part_and_the_place(tmp_path: Path, db: Database) -> None:
    with pytest.raises(InfrastructureError, match=r"^records: .*no such table: absent"), db.read() as connection:
        connection.execute(text("SELECT * FROM absent"))
    (tmp_path / "file").write_text("")
    with pytest.raises(InfrastructureError, match=r"^records: cannot write"):
        Database(sqlite_url(tmp_path / "file" / "records.db"))
    (tmp_path / "noise.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(InfrastructureError, match="not a database"):
        Database(sqlite_url(tmp_path / "noise.db"))
    with pytest.raises(InfrastructureError, match="in-memory database"):
        Database("sqlite://")
    with pytest.raises(InfrastructureError, match="cannot use"):
        Database("nosuchengine://here/records")


def test_a_password_in_the_url_is_not_repeated() -> None:
    with pytest.raises(InfrastructureError) as caught:
        Database("nosuchengine://me:hunter2@here/records")
    assert "hunter2" not in str(caught.value)


_OPEN = """
import sys
from daemon.records.db import Database
from daemon.records.once import Once
database = Database(sys.argv[1])
once = Once(database)
for number in range(20):
    print(once.keep("race", str(number), sys.argv[2]))
database.close()
"""


def test_processes_and_threads_open_one_file_at_once(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "records.db")
    children = [
        subprocess.Popen([sys.executable, "-c", _OPEN, url, name], stdout=subprocess.PIPE, text=True) for name in "abcd"
    ]
    answers = [child.communicate()[0].splitlines() for child in children]
    assert [child.returncode for child in children] == [0] * 4
    assert all(answer == answers[0] and len(answer) == 20 for answer in answers), "all heard the first value"

    database = Database(url)
    failures: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for number in range(10):
                with database.begin() as connection:
                    connection.execute(text("INSERT INTO kept VALUES (:n, :k, '', 0)"), {"n": name, "k": str(number)})
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(f"t{number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with database.read() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM kept WHERE scope LIKE 't%'")).scalar() == 160
    database.close()
