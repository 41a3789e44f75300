"""Content can be erased: recorded before and after, the chain holds, and no copy of the text is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.records import erasing
from daemon.records.audit import AuditLog
from daemon.records.blobs import BlobErased, BlobStore
from daemon.records.chain import records
from daemon.records.db import Database, sqlite_url
from daemon.records.journal import Journal
from daemon.records.keys import public_path
from daemon.records.kinds import check_kinds
from daemon.records.verify import verify
from workflows.ports import RefusedError

SECRET = "the home address of somebody"
REASON = "personal data, found late"


class State:
    """A state folder in which a model's answer holds something that should go."""

    def __init__(self, home: Path, key: Path) -> None:
        self.home, self.key = home, key
        self.blobs = BlobStore(home / "blobs")
        self.db = Database(sqlite_url(home / "records.db"))
        self.journal = Journal(self.db)
        self.blob = self.blobs.put(SECRET.encode())
        self.journal.begin("k-c1", 0, "a" * 64)
        kept = {"completion": {"text": SECRET, "input_tokens": 1, "output_tokens": 1}, "key": "x", "spent": {}}
        self.journal.finish("k-c1", 0, "a" * 64, json.dumps(kept))
        with AuditLog(home / "audit", key) as log:
            body = {"model": "m", "call": 0, "request": "a" * 64, "key": "x", "answer": self.blob, "finish": "stop"}
            more = {"tokens_in": 1, "tokens_out": 1, "spent": {}, "served": "", "fingerprint": "", "revision": ""}
            log.append("model.answer", actor="gateway", campaign="k", candidate="k-c1", body={**body, **more})

    def carry_out(self) -> int:
        with AuditLog(self.home / "audit", self.key) as log:
            return erasing.carry_out(self.home, log, self.blobs, self.journal)

    def kinds(self) -> list[str]:
        return [row["kind"] for row in records(self.home / "audit") if row["kind"].startswith("blob")]


@pytest.fixture
def state(tmp_path: Path, key: Path) -> State:
    return State(tmp_path / "state", key)


def test_erased_it_is_gone_everywhere_and_the_chain_holds(state: State) -> None:
    erasing.ask(state.home, state.blob, by="ana", reason=REASON)
    assert state.carry_out() == 1
    with pytest.raises(BlobErased, match="by ana"):
        state.blobs.get(state.blob)
    call = state.journal.get("k-c1", 0, "a" * 64)
    assert call is not None and SECRET not in str(call.response)
    assert state.kinds() == ["blob.erase.intent", "blob.erase.outcome"]
    outcome = list(records(state.home / "audit"))[-2]
    assert outcome["actor"] == "ana" and outcome["body"]["answers"] == 1 and outcome["body"]["reason"] == REASON
    assert verify(state.home / "audit", public_path(state.key)).ok
    assert check_kinds(state.home / "audit") == []
    assert state.carry_out() == 0
    state.db.close()
    left = [path for path in state.home.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert left == [], "no copy of the text in any file"


def test_a_crash_in_the_middle_is_gone_on_with(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    erasing.ask(state.home, state.blob, by="ana", reason=REASON)
    with monkeypatch.context() as patched:
        patched.setattr(BlobStore, "erase", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            state.carry_out()
    assert state.blobs.has(state.blob)
    assert state.carry_out() == 1
    assert not state.blobs.has(state.blob)
    assert state.kinds() == ["blob.erase.intent", "blob.erase.intent", "blob.erase.outcome"]


@pytest.mark.parametrize(
    ("blob", "by", "reason", "rule"),
    [
        ("b" * 64, "ana", REASON, "erase:unknown"),
        ("", "ana", "short", "erase:reason"),
        ("", " ", REASON, "erase:reason"),
    ],
)
def test_a_request_without_sense_is_refused(state: State, blob: str, by: str, reason: str, rule: str) -> None:
    with pytest.raises(RefusedError) as refused:
        erasing.ask(state.home, blob or state.blob, by=by, reason=reason)
    assert refused.value.rule == rule
    assert not (state.home / erasing.REQUESTS).exists()


def test_what_is_erased_is_not_erased_again(state: State) -> None:
    erasing.ask(state.home, state.blob, by="ana", reason=REASON)
    state.carry_out()
    with pytest.raises(RefusedError, match="already, by ana"):
        erasing.ask(state.home, state.blob, by="bob", reason=REASON)
