"""Safe reloads: an edit is used at once, or not at all."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from daemon.engines.opa_embedded import EmbeddedOpa
from daemon.gate import Gate
from policies.bundle import Source
from policies.opa_cli import find_opa
from tests.daemon.engines.listening import Ears, wait_for
from tests.daemon.engines.questions import EDIT
from workflows.ports import InfrastructureError

pytestmark = pytest.mark.opa

DATA = "ratchet/edit/data.yaml"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_an_edit_is_used_by_the_next_decision(folder: Path, follower: EmbeddedOpa, ears: Ears) -> None:
    with contextlib.closing(Gate(follower.endpoint, deadline=20.0)) as gate:
        before = gate.decide("edit", EDIT)
        assert before.permitted
        edit(folder / DATA, "forbidden: []", 'forbidden: ["*.c"]')
        wait_for(lambda: follower.status().reloads == 1)
        after = gate.decide("edit", EDIT)
    assert [found.code for found in after.deny] == ["EDIT-FORBIDDEN"]
    assert after.revision == follower.status().revision == Source.read(folder).revision != before.revision
    assert ears.reloaded == [before.revision, after.revision] and ears.rejected == []


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("ratchet/edit/edit.rego", "package ratchet.edit", "package ratchet.edit\n\nallow if {", "types: "),
        (DATA, "files: 40", "files: many", "data: "),
        ("ratchet/edit/protected.rego", '"conftest.py", ', "", "canary: "),
        ("ratchet/stop/stop.rego", "not input.requested == false", "not input.requested == true", "canary: "),
        ("system/authz/authz.rego", "default allow := false", "default allow := true", "canary: "),
    ],
)
def test_a_bad_edit_leaves_the_last_good_one(
    folder: Path, follower: EmbeddedOpa, ears: Ears, name: str, old: str, new: str, problem: str
) -> None:
    revision = follower.status().revision
    good = (folder / name).read_text()
    edit(folder / name, old, new)
    wait_for(lambda: ears.rejected)
    assert ears.rejected[0].startswith(problem)
    status = follower.status()
    assert (status.revision, status.problem, status.rejected) == (revision, ears.rejected[0], 1)
    with contextlib.closing(Gate(follower.endpoint, deadline=20.0)) as gate:
        assert gate.decide("edit", EDIT).revision == revision
    (folder / name).write_text(good)
    wait_for(lambda: ears.restored)
    assert follower.status().problem == "" and ears.restored == [revision] and len(ears.rejected) == 1


def test_a_removed_folder_leaves_the_last_good_one(folder: Path, follower: EmbeddedOpa, ears: Ears) -> None:
    folder.rename(folder.with_name("away"))
    wait_for(lambda: ears.rejected)
    with contextlib.closing(Gate(follower.endpoint, deadline=20.0)) as gate:
        assert gate.decide("edit", EDIT).permitted


def test_decisions_during_reloads_have_one_revision_and_no_error(
    folder: Path, follower: EmbeddedOpa, ears: Ears
) -> None:
    got: list[Any] = []
    over = threading.Event()
    with contextlib.closing(Gate(follower.endpoint, deadline=20.0)) as gate:

        def ask() -> None:
            while not over.is_set():
                got.append(gate.decide("edit", EDIT))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for turn, (old, new) in enumerate([("files: 40", "files: 41"), ("files: 41", "files: 42")], 1):
                edit(folder / DATA, old, new)
                wait_for(lambda turn=turn: follower.status().reloads == turn)  # type: ignore[misc]
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert {decision.cause for decision in got} == {""}
    assert all(decision.permitted for decision in got)
    assert {decision.revision for decision in got} <= set(ears.reloaded)


def test_a_killed_server_is_started_again(follower: EmbeddedOpa) -> None:
    url, revision = follower.endpoint().url, follower.status().revision
    os.kill(follower._running().child.pid, signal.SIGKILL)
    wait_for(lambda: follower.endpoint().url != url)
    with contextlib.closing(Gate(follower.endpoint, deadline=20.0)) as gate:
        got = gate.decide("edit", EDIT)
    assert got.permitted and got.revision == revision


def test_a_start_over_a_broken_folder_uses_the_last_good_one(folder: Path, tmp_path: Path, ears: Ears) -> None:
    state = tmp_path / "state"
    first = EmbeddedOpa(folder, state, opa=find_opa())
    first.start()
    revision = first.status().revision
    first.stop()
    first.stop()
    edit(folder / DATA, "files: 40", "files: [")
    second = EmbeddedOpa(folder, state, opa=find_opa(), listeners=ears.listeners)
    second.start()
    try:
        assert second.status().revision == revision
        assert "types: " in second.status().problem and len(ears.rejected) == 1
    finally:
        second.stop()


def test_without_any_good_bundle_it_does_not_start(folder: Path, tmp_path: Path) -> None:
    edit(folder / DATA, "files: 40", "files: [")
    engine = EmbeddedOpa(folder, tmp_path / "state", opa=find_opa())
    with pytest.raises(InfrastructureError, match="cannot be used: types"):
        engine.start()
    with pytest.raises(InfrastructureError, match="not started"):
        engine.endpoint()
    engine.stop()


def test_nothing_is_left_running(folder: Path, tmp_path: Path) -> None:
    engine = EmbeddedOpa(folder, tmp_path / "state", opa=find_opa())
    engine.start()
    pid = engine._running().child.pid
    engine.stop()
    assert not Path(f"/proc/{pid}").exists()
    assert not list((tmp_path / "state" / "run" / "opa").iterdir())
