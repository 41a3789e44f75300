"""The journal of paid calls, and answers given once."""

from __future__ import annotations

import pytest

from daemon.records.db import Database
from daemon.records.journal import Journal
from daemon.records.once import Once

SHA = "a" * 64


def test_a_finished_call_is_answered_from_the_journal(db: Database) -> None:
    journal = Journal(db)
    assert journal.get("c-1", 0, SHA) is None
    assert journal.begin("c-1", 0, SHA) is None
    assert journal.finish("c-1", 0, SHA, '{"answer": 1}') == '{"answer": 1}'
    again = journal.begin("c-1", 0, SHA)
    assert again is not None and (again.state, again.response) == ("finished", '{"answer": 1}')
    assert journal.get("c-1", 0, SHA) == again
    assert journal.finish("c-1", 0, SHA, "other") == '{"answer": 1}', "the first answer stands"


def test_a_mark_without_an_answer_is_seen(db: Database) -> None:
    journal = Journal(db)
    journal.begin("c-1", 0, SHA)
    found = journal.begin("c-1", 0, SHA)
    assert found is not None and (found.state, found.response, found.finished) == ("started", None, None)


def test_calls_are_apart_by_candidate_index_and_request(db: Database) -> None:
    journal = Journal(db)
    for name in (("c-1", 0, SHA), ("c-1", 1, SHA), ("c-2", 0, SHA), ("c-1", 0, "b" * 64)):
        assert journal.begin(*name) is None
    with pytest.raises(KeyError, match="never begun"):
        journal.finish("c-3", 0, SHA, "")


def test_the_first_value_stands(db: Database) -> None:
    once = Once(db)
    assert once.get("choice", "c-1") is None
    assert once.keep("choice", "c-1", "one") == "one"
    assert once.keep("choice", "c-1", "two") == "one" == once.get("choice", "c-1")
    assert once.keep("other", "c-1", "two") == "two"
