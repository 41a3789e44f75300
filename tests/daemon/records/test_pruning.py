"""Old segments go, and what stays still verifies; nobody without the key can make records disappear."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.records import pruning
from daemon.records.audit import AuditLog, AuditUnavailable
from daemon.records.chain import Chain, records, segments
from daemon.records.keys import load_public_key, load_signing_key, public_path
from daemon.records.kinds import check_kinds
from daemon.records.notes import Checkpoint, sign
from daemon.records.retention import SHORTEST_DAYS, USUAL_DAYS
from daemon.records.verify import Report, verify
from daemon.settings import BadSettings, Settings

LATER = datetime.now(UTC) + timedelta(days=USUAL_DAYS + 1)
RECORDS = 120


def grow(folder: Path, key: Path, count: int = RECORDS) -> str:
    """A log in several segments; returns an early checkpoint."""
    with AuditLog(folder, key, segment_bytes=4000, checkpoint_records=10) as log:
        for number in range(count):
            log.append("note", actor="ana", campaign="k", body={"text": f"{number}"})
            if number == 15:
                early = log.checkpoint()
    return early


def checked(folder: Path, key: Path, outside: str = "") -> Report:
    return verify(folder, load_public_key(public_path(key)), outside=outside)


def pruned(folder: Path, key: Path) -> int:
    with AuditLog(folder, key, segment_bytes=4000) as log:
        return log.prune(USUAL_DAYS, now=LATER)


def test_what_stays_verifies_and_goes_on(tmp_path: Path, key: Path) -> None:
    folder = tmp_path / "audit"
    early = grow(folder, key)
    many = len(segments(folder))
    gone = pruned(folder, key)
    assert gone > 50 and len(segments(folder)) == 1 < many
    report = checked(folder, key, early)
    assert report.ok and report.pruned == gone, report
    assert report.records == next(records(folder))["seq"] + len(list(records(folder)))
    told = [record for record in records(folder) if record["kind"] == "audit.prune"]
    assert [(one["body"]["first"], one["body"]["size"]) for one in told] == [(0, gone)]
    assert check_kinds(folder) == []
    grow(folder, key)
    assert pruned(folder, key) > 50
    report = checked(folder, key, early)
    assert report.ok and report.pruned > gone, report


def test_it_is_found_again_without_its_hint(tmp_path: Path, key: Path) -> None:
    folder = tmp_path / "audit"
    grow(folder, key)
    pruned(folder, key)
    (folder / "resume.json").unlink()
    before = checked(folder, key).records
    AuditLog(folder, key).close()
    assert checked(folder, key).records > before


def test_what_is_young_stays(tmp_path: Path, key: Path) -> None:
    folder = tmp_path / "audit"
    grow(folder, key)
    with AuditLog(folder, key) as log:
        assert log.prune(USUAL_DAYS) == 0
        assert log.prune(SHORTEST_DAYS, now=datetime.now(UTC) + timedelta(days=SHORTEST_DAYS - 1)) == 0
    assert checked(folder, key).pruned == 0


def test_less_than_half_a_year_is_refused(tmp_path: Path, key: Path) -> None:
    with AuditLog(tmp_path / "audit", key) as log, pytest.raises(ValueError, match="183 days at least"):
        log.prune(SHORTEST_DAYS - 1)
    with pytest.raises(BadSettings, match="audit_retention_days"):
        Settings.load(state=tmp_path, audit_retention_days=SHORTEST_DAYS - 1)


def test_a_log_that_is_not_sound_is_not_pruned(tmp_path: Path, key: Path) -> None:
    folder = tmp_path / "audit"
    grow(folder, key)
    with AuditLog(folder, key) as log:
        path = segments(folder)[0][1]
        path.write_bytes(path.read_bytes().replace(b'"text":"3"', b'"text":"4"'))
        with pytest.raises(AuditUnavailable, match="cannot prune: record 4"):
            log.prune(USUAL_DAYS, now=LATER)
    assert path.exists()


def test_segments_that_vanish_without_the_key_are_missed(tmp_path: Path, key: Path) -> None:
    folder = tmp_path / "audit"
    grow(folder, key)
    whole = tmp_path / "whole"
    shutil.copytree(folder, whole)
    path = segments(folder)[0][1]
    path.unlink()
    report = checked(folder, key)
    assert not report.ok and report.first_bad == 0 and "no pruning was signed" in report.problem

    # A checkpoint is signed too, but it is no leave to prune.
    chain = Chain()
    leaves = []
    for line in (whole / path.name).read_bytes().splitlines(keepends=True):
        chain.take(line)
        leaves.append(bytes.fromhex(chain.prev))
    note = sign(Checkpoint("ratchet/audit/x", len(leaves), chain.frontier.root()), load_signing_key(key))
    (folder / pruning.NOTE).write_text(note)
    (folder / pruning.LEAVES).write_bytes(b"".join(leaves))
    assert "not what was signed" in checked(folder, key).problem


@pytest.mark.parametrize("what", [pruning.NOTE, pruning.LEAVES])
def test_what_is_left_of_them_cannot_be_changed(tmp_path: Path, key: Path, what: str) -> None:
    folder = tmp_path / "audit"
    grow(folder, key)
    pruned(folder, key)
    data = bytearray((folder / what).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / what).write_bytes(bytes(data))
    assert not checked(folder, key).ok


@pytest.mark.parametrize("deleted", [0, 1, 2])
def test_a_crash_while_they_go_leaves_a_log_that_verifies(
    tmp_path: Path, key: Path, deleted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "audit"
    grow(folder, key)

    def cut_short(directory: Path, what: pruning.Going) -> None:
        for path in what.paths[:deleted]:
            path.unlink()
        raise OSError(5, "killed here")

    with monkeypatch.context() as patched:
        patched.setattr("daemon.records.audit.let_go", cut_short)
        with pytest.raises(AuditUnavailable):
            pruned(folder, key)
    assert checked(folder, key).ok
    assert pruned(folder, key) > 0
    assert checked(folder, key).ok and len(segments(folder)) == 1
