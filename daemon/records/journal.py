"""The journal of paid model calls: what was asked and what was answered, so that a retried step pays nothing twice.

A call is named by candidate, index within the candidate's run, and the SHA-256 of the request. `begin` marks it before
the money is spent, `finish` keeps the answer after it. A mark without an answer is a call with unknown outcome.
"""

from __future__ import annotations

import json
import time
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, and_, insert, select, update

from daemon.records.db import Database
from daemon.records.tables import model_calls


class Call(NamedTuple):
    """One journaled call. `response` is the stored text (None while `started`); times are Unix seconds."""

    state: Literal["started", "finished"]
    response: str | None
    started: float
    finished: float | None


class Answer(NamedTuple):
    """One answered call: its number, the SHA-256 of its request (the blob that holds it), and what the payer kept."""

    call_index: int
    request_sha256: str
    response: str


class Journal:
    """Journaled calls of all candidates. Safe from any thread or process."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, candidate: str, call_index: int, request_sha256: str) -> Call | None:
        """The call under this name: its answer, its mark, or None when it was never begun."""
        with self._db.read() as connection:
            query = select(model_calls).where(_is(candidate, call_index, request_sha256))
            row = connection.execute(query).mappings().first()
        return None if row is None else Call(row["state"], row["response"], row["started"], row["finished"])

    def answered(self, candidate: str) -> list[Answer]:
        """Everything that a candidate was answered, in the order of its calls."""
        query = (
            select(model_calls.c.call_index, model_calls.c.request_sha256, model_calls.c.response)
            .where(model_calls.c.candidate == candidate, model_calls.c.state == "finished")
            .order_by(model_calls.c.call_index, model_calls.c.finished)
        )
        with self._db.read() as connection:
            return [Answer(int(index), str(digest), str(text)) for index, digest, text in connection.execute(query)]

    def begin(self, candidate: str, call_index: int, request_sha256: str) -> Call | None:
        """Mark the call as started. Returns None when the mark is new, else what was there: do not pay then.

        (For a mark without an answer the payer decides: the ledger still counts that call at its maximum.)
        """
        with self._db.begin() as connection:
            query = select(model_calls).where(_is(candidate, call_index, request_sha256))
            row = connection.execute(query).mappings().first()
            if row is not None:
                return Call(row["state"], row["response"], row["started"], row["finished"])
            name = {"candidate": candidate, "call_index": call_index, "request_sha256": request_sha256}
            connection.execute(insert(model_calls).values(**name, state="started", started=time.time()))
        return None

    def finish(self, candidate: str, call_index: int, request_sha256: str, response: str) -> str:
        """Keep the answer; the first one stands, and is returned. Raises KeyError when the call was never begun."""
        with self._db.begin() as connection:
            this = _is(candidate, call_index, request_sha256)
            row = connection.execute(select(model_calls).where(this)).mappings().first()
            if row is None:
                raise KeyError(f"journal: call {call_index} of {candidate} was never begun")
            if row["state"] == "finished":
                return str(row["response"])
            done = {"state": "finished", "response": response, "finished": time.time()}
            connection.execute(update(model_calls).where(this).values(done))
        return response

    def forget(self, candidate: str, call_index: int, request_sha256: str) -> int:
        """Erase the text of an answer, leaving what it cost; a step that asks again gets an empty answer for it.

        Returns 1 when there was one to erase, else 0.
        """
        with self._db.begin() as connection:
            this = _is(candidate, call_index, request_sha256)
            row = connection.execute(select(model_calls).where(this)).mappings().first()
            kept = json.loads(row["response"]) if row is not None and row["response"] else None
            if kept is None or not kept["completion"]["text"]:
                return 0
            kept["completion"]["text"] = ""
            connection.execute(update(model_calls).where(this).values(response=json.dumps(kept)))
        return 1


def _is(candidate: str, call_index: int, request_sha256: str) -> ColumnElement[bool]:
    c = model_calls.c
    return and_(c.candidate == candidate, c.call_index == call_index, c.request_sha256 == request_sha256)
