"""Checkpoints get outside, by each way; a place that is away is told and tried again; a log set back shows there."""

from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from daemon.records.audit import AuditLog
from daemon.records.keys import load_public_key, public_path
from daemon.records.outside import FilePlace, GitPlace, Outside, Place, Sent, place_of, split
from daemon.records.verify import verify


class Told:
    """What an `Outside` said, with a way to wait for it."""

    def __init__(self) -> None:
        self.all: list[Sent] = []
        self.news = threading.Condition()

    def __call__(self, sent: Sent) -> None:
        with self.news:
            self.all.append(sent)
            self.news.notify_all()

    def wait(self, count: int) -> list[Sent]:
        with self.news:
            assert self.news.wait_for(lambda: len(self.all) >= count, 60), self.all
            return list(self.all)


def lived(folder: Path, key: Path, place: Place, *, records: int = 5) -> None:
    """A daemon's life: some records, and a checkpoint at its end."""
    outside = Outside(place)
    with AuditLog(folder, key, on_checkpoint=outside.offer) as log:
        for number in range(records):
            log.append("note", actor="ana", body={"text": str(number)})
    outside.close(60)
    assert outside.state.problem == "" and outside.state.size > records


def remote(tmp_path: Path) -> str:
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "remote.git")], check=True)
    return f"git:{tmp_path / 'remote.git'}"


@pytest.mark.parametrize("kind", ["file", "git"])
def test_a_log_set_back_with_its_checkpoints_shows_outside(tmp_path: Path, key: Path, kind: str) -> None:
    folder, back = tmp_path / "audit", tmp_path / "back"
    setting = remote(tmp_path) if kind == "git" else f"file:{tmp_path / 'elsewhere' / 'notes'}"
    place = place_of(setting, tmp_path)
    assert isinstance(place, FilePlace | GitPlace)
    lived(folder, key, place)
    shutil.copytree(folder, back)
    lived(folder, key, place)
    public = load_public_key(public_path(key))
    origin = (folder / "checkpoints").read_text().partition("\n")[0]
    notes = place_of(setting, tmp_path / "another machine")
    assert isinstance(notes, FilePlace | GitPlace)
    kept = notes.notes(origin)
    assert verify(folder, public, outside=kept).ok
    assert verify(back, public).ok, "the files alone cannot show it"
    report = verify(back, public, outside=kept)
    assert not report.ok and "the checkpoint from outside vouches for" in report.problem


def test_a_remote_keeps_every_note_and_survives_a_lost_state_folder(tmp_path: Path, key: Path) -> None:
    setting = remote(tmp_path)
    for home in ("one", "one", "two"):
        place = place_of(setting, tmp_path / home)
        lived(tmp_path / "audit", key, place)
    said = subprocess.run(
        ["git", "--git-dir", str(tmp_path / "remote.git"), "log", "--all", "--format=%s"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    sizes = [int(line.split()[0]) for line in said.stdout.splitlines()]
    assert len(sizes) >= 3 and sizes == sorted(sizes, reverse=True)


def test_a_command_gets_the_note(tmp_path: Path, key: Path) -> None:
    program = tmp_path / "keep"
    program.write_text(f"#!/bin/sh\ncat >> '{tmp_path}/kept'\nenv > '{tmp_path}/env'\n")
    program.chmod(0o700)
    lived(tmp_path / "audit", key, place_of(f"command:{program} --now", tmp_path))
    kept = (tmp_path / "kept").read_text()
    assert verify(tmp_path / "audit", load_public_key(public_path(key)), outside=kept).ok


def test_commands_inherit_no_secret(tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    program = tmp_path / "keep"
    program.write_text(f"#!/bin/sh\nenv > '{tmp_path}/env'\n")
    program.chmod(0o700)
    lived(tmp_path / "audit", key, place_of(f"command:{program}", tmp_path))
    assert "sk-planted" not in (tmp_path / "env").read_text()


class Flaky:
    """Away for some attempts."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.notes: list[str] = []

    def send(self, note: str) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError(5, "away")
        self.notes.append(note)


def test_a_place_that_is_away_is_told_and_tried_again_with_the_newest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told, place = Told(), Flaky(3)
    outside = Outside(place, told, retry=(0.01, 0.02))
    outside.offer("o\n1\nroot\n\nsig\n")
    states = told.wait(4)
    assert [bool(one.problem) for one in states] == [True, True, True, False]
    assert states[-1].size == 1 and states[-1].at > 0
    assert len([one for one in caplog.records if "did not get outside" in one.message]) == 1, "told once"
    outside.close()


def test_at_the_end_the_newest_is_tried_once_more(tmp_path: Path) -> None:
    told, place = Told(), Flaky(1)
    outside = Outside(place, told, retry=(3600.0, 3600.0))
    outside.offer("o\n1\nroot\n\nsig\n")
    told.wait(1)
    outside.offer("o\n2\nroot\n\nsig\n")
    outside.close(60)
    assert [note.split("\n")[1] for note in place.notes] == ["2"]


def test_a_place_that_never_comes_back_does_not_hold_up_the_end(tmp_path: Path) -> None:
    outside = Outside(Flaky(10**9), retry=(3600.0, 3600.0))
    outside.offer("o\n1\nroot\n\nsig\n")
    outside.close(60)
    assert "away" in outside.state.problem


def test_a_file_cut_short_by_a_crash_is_written_on(tmp_path: Path, key: Path) -> None:
    notes = tmp_path / "notes"
    lived(tmp_path / "audit", key, FilePlace(notes))
    first = notes.read_text()
    notes.write_text(first + first[:30])
    public = load_public_key(public_path(key))
    report = verify(tmp_path / "audit", public, outside=notes.read_text())
    assert report.ok and "half written" in str(report.remarks)


@pytest.mark.parametrize(
    "setting", ["", "file:relative", "file:", "git:", "git:--upload-pack=x", "command: ", "http://x"]
)
def test_a_place_that_is_none_is_refused(tmp_path: Path, setting: str) -> None:
    with pytest.raises(ValueError, match="is none of"):
        place_of(setting, tmp_path)


def test_notes_are_told_apart_with_and_without_witnesses() -> None:
    one, two = "o\n1\nr\n\n— a x\n— w y\n", "o\n2\nr\n\n— a x\n"
    assert split(one + "\n" + two + "\n") == [one, two]
    assert split(two) == [two]
    assert split("") == []
