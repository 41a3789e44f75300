"""Programs for containers, laid out by content."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import payload
from workflows.ports import InfrastructureError


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    folder = tmp_path / "programs"
    (folder / "inner" / "__pycache__").mkdir(parents=True)
    (folder / "main.py").write_text("print(1)")
    (folder / "inner" / "more.py").write_text("print(2)")
    (folder / "inner" / "__pycache__" / "more.pyc").write_bytes(b"x")
    (folder / "main.py").chmod(0o600)
    return folder


def test_a_payload_is_readable_by_all_under_a_private_umask(programs: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        placed = payload.place(programs, tmp_path / "state")
    finally:
        os.umask(before)
    modes = {path.relative_to(placed).as_posix(): path.stat().st_mode & 0o777 for path in placed.rglob("*")}
    assert modes == {"main.py": 0o644, "inner": 0o755, "inner/more.py": 0o644}
    assert placed.stat().st_mode & 0o777 == placed.parent.stat().st_mode & 0o777 == 0o755


def test_same_contents_same_place_and_other_contents_another(programs: Path, tmp_path: Path) -> None:
    first = payload.place(programs, tmp_path / "state")
    assert payload.place(programs, tmp_path / "state") == first
    (programs / "main.py").write_text("print(3)")
    second = payload.place(programs, tmp_path / "state")
    assert second != first
    assert (first / "main.py").read_text() == "print(1)"
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == sorted([first.name, second.name])


def test_contents_may_be_given_instead_of_a_folder(tmp_path: Path) -> None:
    placed = payload.place({"evaluator.py": b"x", "more/data.py": b"y"}, tmp_path / "state")
    assert (placed / "more" / "data.py").read_bytes() == b"y"


def test_a_spoiled_copy_is_replaced(programs: Path, tmp_path: Path) -> None:
    placed = payload.place(programs, tmp_path / "state")
    (placed / "main.py").write_text("evil")
    (placed / "extra.py").write_text("evil")
    assert payload.place(programs, tmp_path / "state") == placed
    assert sorted(path.name for path in placed.iterdir()) == ["inner", "main.py"]
    assert (placed / "main.py").read_text() == "print(1)"


def test_many_at_once_get_one_whole_copy(programs: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(lambda _: payload.place(programs, tmp_path / "state"), range(32)))
    assert len(places) == 1
    assert [path.name for path in (tmp_path / "state").iterdir()] == [places.pop().name]


def test_links_and_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InfrastructureError, match="no files"):
        payload.place(tmp_path / "empty", tmp_path / "state")
    (tmp_path / "empty" / "link").symlink_to("/etc/passwd")
    with pytest.raises(InfrastructureError, match="symbolic link"):
        payload.place(tmp_path / "empty", tmp_path / "state")


def test_an_unwritable_state_is_our_fault(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InfrastructureError, match="cannot write"):
        payload.place(programs, tmp_path / "file" / "state")


names = st.text("ab/", min_size=1, max_size=4)


@given(st.dictionaries(names, st.binary(max_size=4)), st.dictionaries(names, st.binary(max_size=4)))
def test_no_two_payloads_share_a_digest(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert (payload.digest(one) == payload.digest(other)) == (one == other)
