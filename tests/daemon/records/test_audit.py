"""The audit log's writer: what is on disk when, who may write, what a crash and a full disk leave."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.records.audit import AuditLog, AuditUnavailable
from daemon.records.chain import records
from daemon.records.keys import public_path
from daemon.records.notes import read_note
from daemon.records.recovery import CHECKPOINTS, RESUME, TORN
from daemon.records.verify import verify
from workflows.ports import InfrastructureError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


def _kinds(folder: Path) -> list[str]:
    return [record["kind"] for record in records(folder)]


def test_a_durable_record_is_on_disk_on_return(folder: Path, key: Path) -> None:
    with AuditLog(folder, key) as log:
        record = log.append("gate.decided", actor="ada", campaign="c", candidate="c-1", body={"allow": True})
        (found,) = records(folder, start=record.seq)
        assert (found["hash"], found["time"], found["seq"]) == (record.hash, record.time, 1)
        assert (found["actor"], found["campaign"], found["candidate"], found["kind"]) == (
            "ada",
            "c",
            "c-1",
            "gate.decided",
        )
        assert found["body"] == {"allow": True} and int(found["mono_ns"]) > 0
        assert log.size == 2
    assert verify(folder, public_path(key)).ok


def test_buffered_records_come_to_disk_by_themselves_and_in_order(folder: Path, key: Path) -> None:
    with AuditLog(folder, key, flush_seconds=0.01) as log:
        for number in range(5):
            log.append("n", actor="a", body={"n": number}, durable=False)
        while log.size < 6:
            time.sleep(0.005)
        log.append("n", actor="a", body={"n": 5}, durable=False)
        log.append("n", actor="a", body={"n": 6})
        assert [record["body"].get("n") for record in records(folder, start=1)] == list(range(7))


def test_a_log_goes_on_where_it_ended(folder: Path, key: Path) -> None:
    for _ in range(3):
        with AuditLog(folder, key) as log:
            log.append("n", actor="a", body={})
    assert _kinds(folder) == ["audit.open", "n", "audit.close"] * 3
    report = verify(folder, public_path(key))
    assert (report.ok, report.records, report.signed) == (True, 9, 9)
    opened = [record["body"] for record in records(folder) if record["kind"] == "audit.open"]
    assert [body["resumed_at"] for body in opened] == [0, 3, 6]
    assert len({body["origin"] for body in opened}) == 1


@pytest.mark.parametrize("spoil", ["missing", "noise", "other root", "other place", "other segment"])
def test_the_hint_only_saves_time(folder: Path, key: Path, spoil: str) -> None:
    with AuditLog(folder, key, segment_bytes=500) as log:
        for number in range(9):
            log.append("n", actor="a", body={"n": number})
    hint = json.loads((folder / RESUME).read_text())
    if spoil == "missing":
        (folder / RESUME).unlink()
    else:
        changes: dict[str, dict[str, Any]] = {
            "noise": {"roots": 1},
            "other root": {"size": 1, "roots": ["00" * 32]},
            "other place": {"offset": 0},
            "other segment": {"segment": "0000000000000000.jsonl"},
        }
        (folder / RESUME).write_text(json.dumps({**hint, **changes[spoil]}))
    AuditLog(folder, key).close()
    report = verify(folder, public_path(key))
    assert (report.ok, report.records) == (True, 13)


def test_segments_rotate_and_the_check_spans_them(folder: Path, key: Path) -> None:
    with AuditLog(folder, key, segment_bytes=2000) as log:
        for number in range(50):
            log.append("n", actor="a", body={"n": number})
    assert len(list(folder.glob("*.jsonl"))) > 5
    assert [record["body"].get("n") for record in records(folder, start=20)][:3] == [19, 20, 21]
    assert verify(folder, public_path(key)).records == 52


def test_checkpoints_come_by_count_by_time_and_on_demand(folder: Path, key: Path) -> None:
    notes: list[str] = []
    settings: dict[str, Any] = {"checkpoint_records": 10, "checkpoint_seconds": 0.05, "flush_seconds": 0.01}
    with AuditLog(folder, key, on_checkpoint=notes.append, **settings) as log:
        for _ in range(25):
            log.append("n", actor="a", body={})
        while len(notes) < 4:
            time.sleep(0.005)
        log.append("n", actor="a", body={})
        note = log.checkpoint()
    assert (folder / CHECKPOINTS).read_text() == "".join(note + "\n" for note in notes)
    sizes = [int(note.split("\n")[1]) for note in notes]
    assert sizes == sorted(set(sizes)) and sizes[0] == 1 and sizes[-1] == 28
    assert note in notes and verify(folder, public_path(key), outside=note).ok


def test_a_failing_outside_store_does_not_stop_the_log(folder: Path, key: Path, caplog: Any) -> None:
    def fail(note: str) -> None:
        raise ValueError("no route")

    with AuditLog(folder, key, on_checkpoint=fail) as log:
        log.append("n", actor="a", body={})
    assert "was not taken outside" in caplog.text
    assert verify(folder, public_path(key)).ok


def test_appends_that_wait_together_share_one_sync(folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with AuditLog(folder, key) as log:
        real, syncs, gate = os.fsync, [0], threading.Event()

        def slow(descriptor: int) -> None:
            syncs[0] += 1
            gate.wait(10)
            real(descriptor)

        monkeypatch.setattr("daemon.records.audit.os.fsync", slow)
        threads = [
            threading.Thread(target=log.append, args=("n",), kwargs={"actor": "a", "body": {}}) for _ in range(40)
        ]
        for thread in threads:
            thread.start()
        while len(log._pending) < 39:
            time.sleep(0.001)
        gate.set()
        for thread in threads:
            thread.join()
        assert syncs[0] == 2, "one for the first, one for the 39 that came meanwhile"
        monkeypatch.undo()
    assert verify(folder, public_path(key)).records == 42


def test_only_one_process_writes(folder: Path, key: Path) -> None:
    with AuditLog(folder, key), pytest.raises(AuditUnavailable, match="another process writes"):
        AuditLog(folder, key)
    AuditLog(folder, key).close()


def test_a_log_that_cannot_be_written_says_why(tmp_path: Path, folder: Path, key: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditUnavailable, match="Not a directory"):
        AuditLog(tmp_path / "file" / "audit", key)
    with pytest.raises(AuditUnavailable, match=r"keys: .*is missing"):
        AuditLog(folder, tmp_path / "nokey")
    key.chmod(0o644)
    with pytest.raises(AuditUnavailable, match="chmod 600"):
        AuditLog(folder, key)
    assert issubclass(AuditUnavailable, InfrastructureError)


def test_a_closed_log_takes_nothing(folder: Path, key: Path) -> None:
    log = AuditLog(folder, key)
    log.close()
    log.close()
    with pytest.raises(AuditUnavailable, match="closed"):
        log.append("n", actor="a", body={})


def test_only_the_owner_may_read_the_log(folder: Path, key: Path) -> None:
    AuditLog(folder, key).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.name == RESUME, path


def _failing(monkeypatch: pytest.MonkeyPatch, name: str, code: int, after: int = 0) -> Callable[[], None]:
    real = getattr(os, name)

    def fail(*arguments: Any) -> Any:
        if name == "pwrite" and after:
            # A disk that takes the beginning of the data, then no more.
            real(arguments[0], bytes(arguments[1])[:after], *arguments[2:])
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(f"daemon.records.audit.os.{name}", fail)
    return monkeypatch.undo


@pytest.mark.parametrize(("name", "after"), [("pwrite", 0), ("pwrite", 40), ("fsync", 0)])
def test_on_a_full_disk_the_effect_does_not_happen_and_nothing_else_is_lost(
    folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch, name: str, after: int
) -> None:
    with AuditLog(folder, key, flush_seconds=60) as log:
        log.append("before", actor="a", body={})
        log.append("buffered", actor="a", body={"n": 1}, durable=False)
        repair = _failing(monkeypatch, name, errno.ENOSPC, after)
        for _ in range(3):
            with pytest.raises(AuditUnavailable, match="No space left"):
                log.append("refused", actor="a", body={})
        log.append("buffered", actor="a", body={"n": 2}, durable=False)
        with pytest.raises(AuditUnavailable, match="No space left"):
            log.flush()
        assert "No space left" in log.problem
        repair()
        log.append("after", actor="a", body={})
        assert log.problem == ""
    assert _kinds(folder) == ["audit.open", "before", "buffered", "buffered", "after", "audit.close"]
    report = verify(folder, public_path(key))
    assert (report.ok, report.signed) == (True, 6)


def test_what_waits_for_the_disk_is_bounded(folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.records.audit._MOST_BUFFERED", 20)
    with AuditLog(folder, key, flush_seconds=60) as log:
        repair = _failing(monkeypatch, "pwrite", errno.EIO)
        for _ in range(20):
            log.append("n", actor="a", body={}, durable=False)
        with pytest.raises(AuditUnavailable, match="Input/output error"):
            log.append("n", actor="a", body={}, durable=False)
        repair()
        log.append("n", actor="a", body={}, durable=False)
    assert verify(folder, public_path(key)).records == 23


def test_records_that_cannot_be_signed_stop_the_log(folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with AuditLog(folder, key, checkpoint_records=3, flush_seconds=60) as log:

        def fail(path: Path, data: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

        monkeypatch.setattr("daemon.records.audit.append_durably", fail)
        log.append("n", actor="a", body={})
        log.append("n", actor="a", body={})
        log.append("n", actor="a", body={})
        with pytest.raises(AuditUnavailable, match="checkpoints"):
            log.append("n", actor="a", body={})
        monkeypatch.undo()
        log.append("n", actor="a", body={})
    assert verify(folder, public_path(key)).ok


def test_a_torn_last_line_is_put_aside_and_recorded(folder: Path, key: Path) -> None:
    AuditLog(folder, key).close()
    (segment,) = folder.glob("*.jsonl")
    with segment.open("ab") as file:
        file.write(b'{"hash":"12')
    report = verify(folder, public_path(key))
    assert report.ok and report.remarks == ("record 2 is half written, behind the last checkpoint",)
    AuditLog(folder, key).close()
    assert _kinds(folder) == ["audit.open", "audit.close", "audit.open", "audit.torn", "audit.close"]
    (kept,) = (folder / TORN).iterdir()
    assert kept.read_bytes() == b'{"hash":"12'
    (torn,) = [record["body"] for record in records(folder) if record["kind"] == "audit.torn"]
    assert torn["bytes"] == 11 and torn["file"].startswith(kept.name)
    assert verify(folder, public_path(key)).ok
    AuditLog(folder, key).close()
    assert _kinds(folder).count("audit.torn") == 1


def test_a_torn_checkpoint_is_put_aside_and_recorded(folder: Path, key: Path) -> None:
    AuditLog(folder, key).close()
    AuditLog(folder, key).close()
    data = (folder / CHECKPOINTS).read_bytes()
    for cut in (1, 2, 40):
        (folder / CHECKPOINTS).write_bytes(data[:-cut])
        assert verify(folder, public_path(key)).ok
        log = AuditLog(folder, key)
        log.close()
        assert verify(folder, public_path(key)).ok
        data = (folder / CHECKPOINTS).read_bytes()
    assert _kinds(folder).count("audit.torn") == 2, "with one byte less only the separator is missing"


def test_a_damaged_log_is_not_written_on(folder: Path, key: Path, tmp_path: Path) -> None:
    with AuditLog(folder, key) as log:
        log.append("n", actor="a", body={"n": 1})
    (segment,) = folder.glob("*.jsonl")
    whole = segment.read_bytes()
    (folder / RESUME).unlink()
    for damaged in (whole.replace(b'"n":1', b'"n":2'), whole[:-10], b""):
        segment.write_bytes(damaged)
        with pytest.raises(AuditUnavailable, match=r"damaged|signed"):
            AuditLog(folder, key)
    segment.write_bytes(whole)
    notes = (folder / CHECKPOINTS).read_bytes()
    (folder / CHECKPOINTS).unlink()
    with pytest.raises(AuditUnavailable, match="no signed checkpoint"):
        AuditLog(folder, key)
    (folder / CHECKPOINTS).write_bytes(notes.replace(b"audit", b"audot"))
    with pytest.raises(AuditUnavailable, match="checkpoints"):
        AuditLog(folder, key)
    (folder / CHECKPOINTS).write_bytes(notes)
    segment.unlink()
    with pytest.raises(AuditUnavailable, match="no segments"):
        AuditLog(folder, key)


def test_hostile_values_cannot_keep_a_record_out(folder: Path, key: Path) -> None:
    with AuditLog(folder, key) as log:
        body = {"text": "\ud800", "score": float("nan"), "big": 2**80, "in": [float("inf"), {"\udfff": -1.5}]}
        record = log.append("n", actor="a\ud800", body=body)
        (found,) = records(folder, start=record.seq)
        assert found["actor"] == "a?"
        assert found["body"] == {"text": "?", "score": "nan", "big": str(2**80), "in": ["inf", {"?": -1.5}]}
        with pytest.raises(ValueError, match="blob store"):
            log.append("n", actor="a", body={"much": "x" * 300_000})
        with pytest.raises(ValueError, match="bytes has no JSON form"):
            log.append("n", actor="a", body={"raw": b""})


def test_a_note_of_the_log_can_be_read_by_anyone(folder: Path, key: Path) -> None:
    from daemon.records.keys import load_public_key

    with AuditLog(folder, key) as log:
        checkpoint = read_note(log.checkpoint(), load_public_key(public_path(key)))
        assert checkpoint.size == 1 and verify(folder, public_path(key)).root == checkpoint.root.hex()
