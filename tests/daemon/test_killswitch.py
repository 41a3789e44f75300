"""Pulled by anything, the switch stays pulled until a listed person signs for exactly this kill."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path

import pytest

from daemon import approvals
from daemon.killswitch import HANDLE, LATCH, KillSwitch
from workflows.ports import RefusedError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder in which only ana is listed."""
    (tmp_path / "keys").mkdir()
    for name in ("ana", "eve"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    public = (tmp_path / "ana.pub").read_text().split()
    (tmp_path / "keys" / "allowed_signers").write_text(f"ana {public[0]} {public[1]}\n")
    return tmp_path


def test_nothing_is_killed_at_first(home: Path) -> None:
    switch = KillSwitch(home)
    assert not switch.pulled()
    assert switch.killed() is None
    assert not (home / LATCH).exists()


def test_the_first_kill_stands(home: Path) -> None:
    first = KillSwitch(home).pull(by="ana", how="command", reason="odd gains")
    again = KillSwitch(home).pull(by="bob", how="signal")
    assert again == first
    assert KillSwitch(home).killed() == first
    for word in ("ana", "odd gains", "ratchet rearm --by"):
        assert word in first.sentence()


def test_two_pulls_at_once_are_one_kill(home: Path) -> None:
    seen: list[str] = []
    threads = [
        threading.Thread(target=lambda at=at: seen.append(KillSwitch(home).pull(by=f"p{at}", how="command").id))
        for at in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1
    assert len(seen) == 8


def test_a_file_put_there_by_hand_is_enough_and_taking_it_away_is_not(home: Path) -> None:
    (home / "run").mkdir()
    (home / HANDLE).write_text("smoke in the rack\nsecond line")
    switch = KillSwitch(home)
    killed = switch.killed()
    assert killed is not None
    assert (killed.how, killed.reason) == ("file", "smoke in the rack")
    (home / HANDLE).unlink()
    assert switch.pulled()
    assert switch.killed() == killed


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"id": 1}', '{"id":"","at":1,"by":"","how":"","reason":""}'])
def test_a_damaged_latch_is_pulled_and_can_be_re_armed(home: Path, text: str) -> None:
    (home / LATCH).write_text(text)
    killed = KillSwitch(home).killed()
    assert killed is not None
    assert killed.id == json.loads((home / LATCH).read_text())["id"]
    assert KillSwitch(home).killed() == killed


def test_folders_that_cannot_be_used_are_pulled(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("not a folder")
    assert KillSwitch(tmp_path).pulled()
    assert KillSwitch(tmp_path).killed() is not None


def test_a_latch_that_cannot_be_read_is_pulled_and_left_as_it_is(home: Path) -> None:
    (home / LATCH).mkdir()
    switch = KillSwitch(home)
    killed = switch.killed()
    assert killed is not None
    assert "cannot be read" in killed.sentence()
    assert (home / LATCH).is_dir()
    with pytest.raises(RefusedError, match="cannot be read"):
        switch.check(killed, by="ana", signature=approvals.sign(switch.statement(killed), home / "ana"))


def test_a_listed_persons_signature_re_arms(home: Path) -> None:
    switch = KillSwitch(home)
    killed = switch.pull(by="bob", how="command")
    switch.check(killed, by="ana", signature=approvals.sign(switch.statement(killed), home / "ana"))
    assert switch.pulled(), "checking alone changes nothing"
    switch.release(killed)
    assert not switch.pulled()


def test_a_stranger_a_name_and_an_old_signature_do_not(home: Path) -> None:
    switch = KillSwitch(home)
    old = switch.pull(by="bob", how="command")
    signature = approvals.sign(switch.statement(old), home / "ana")
    switch.release(old)
    killed = switch.pull(by="bob", how="command")
    stranger = approvals.sign(switch.statement(killed), home / "eve")
    for by, given in (("ana", signature), ("ana", stranger), ("eve", stranger), ("ana", ""), ("bob", signature)):
        with pytest.raises(RefusedError, match="not re-armed"):
            switch.check(killed, by=by, signature=given)
    with pytest.raises(RefusedError, match="pulled again"):
        switch.release(old)
    assert switch.killed() == killed


def test_a_signature_for_another_state_folder_does_not(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    switch, other = KillSwitch(home), KillSwitch(tmp_path_factory.mktemp("other"))
    killed = switch.pull(by="bob", how="command")
    signature = approvals.sign(other.statement(killed), home / "ana")
    with pytest.raises(RefusedError):
        switch.check(killed, by="ana", signature=signature)


def test_the_mark_of_its_record_survives(home: Path) -> None:
    switch = KillSwitch(home)
    switch.mark_recorded(switch.pull(by="bob", how="command"))
    killed = switch.killed()
    assert killed is not None
    assert killed.recorded
