"""From trees to facts: what changed, how much, and what the host refuses by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon import changes
from daemon.changes import edit_facts
from daemon.decisions import read_answer
from daemon.walls import second_wall


@dataclass(frozen=True)
class File:
    data: bytes
    mode: str = "100644"


TARGET = {"name": "matmul", "kind": "kernel", "editable": ["**"], "protected": []}
BASE = {"a.c": File(b"one\ntwo\n"), "src/b.c": File(b"x\n")}


def facts(
    changed: dict[str, File] | None = None, deleted: tuple[str, ...] = (), base: dict[str, File] | None = None
) -> dict[str, Any]:
    return edit_facts(
        BASE if base is None else base, changed or {}, deleted, campaign="c", candidate="c-c1", target=TARGET
    )


def unsafe(*args: Any) -> list[tuple[str, str]]:
    return [(entry["path"], entry["rule"]) for entry in facts(*args)["unsafe"]]


def test_a_changed_file() -> None:
    got = facts({"a.c": File(b"one\n2\nthree\n")})
    assert got["changes"] == [
        {
            "op": "modify", "path": "a.c", "segments": ["a.c"], "mode": "100644", "size": 12, "added": 2, "removed": 1,
            "binary": False,
        }
    ]  # fmt: skip
    assert got["totals"] == {"files": 1, "bytes": 12, "added": 2, "removed": 1}
    assert got["unsafe"] == [] and got["secrets"] == []
    assert (got["campaign"], got["candidate"], got["target"]) == ("c", "c-c1", TARGET)


def test_added_and_deleted_files_in_order() -> None:
    got = facts({"src/n.c": File(b"1\n2")}, ("src/b.c",))
    assert [(one["op"], one["path"], one["segments"]) for one in got["changes"]] == [
        ("delete", "src/b.c", ["src", "b.c"]),
        ("add", "src/n.c", ["src", "n.c"]),
    ]
    assert got["totals"]["files"] == 2 and got["totals"]["added"] == 2


def test_what_stays_the_same_is_no_change() -> None:
    assert facts({"a.c": BASE["a.c"]}, ("none.c",))["changes"] == []


def test_a_changed_mode_is_a_change() -> None:
    (change,) = facts({"a.c": File(BASE["a.c"].data, "100755")})["changes"]
    assert change["op"] == "modify" and change["mode"] == "100755" and change["added"] == 0


@pytest.mark.parametrize("data", [b"\0", b"\xff\xfe", b"text\0text"])
def test_binary_files_are_said_to_be(data: bytes) -> None:
    (change,) = facts({"n.bin": File(data)})["changes"]
    assert change["binary"] is True


@pytest.mark.parametrize("mode", ["120000", "160000", "040000", "104755"])
def test_modes_of_no_regular_file_are_left_to_the_rule_about_modes(mode: str) -> None:
    (change,) = facts({"n.c": File(b"x", mode)})["changes"]
    assert change["mode"] == mode


@pytest.mark.parametrize("mode", ["", "644", "0100644", "10064x", "١٠٠٦٤٤"])
def test_modes_that_are_none_are_unsafe(mode: str) -> None:
    assert unsafe({"n.c": File(b"x", mode)}) == [("n.c", "mode")]


@pytest.mark.parametrize(
    ("path", "rule"),
    [("../x", "not-canonical"), (".git/config", "git"), ("src/é.c", "not-ascii"), ("a\n", "characters")],
)
def test_hostile_paths_are_unsafe_and_shown_in_ascii(path: str, rule: str) -> None:
    for got in (facts({path: File(b"x")}), facts({}, (path,))):
        assert got["changes"] == []
        assert got["unsafe"] == [{"path": ascii(path)[1:-1], "rule": rule}]


def test_twins_and_clashes_are_unsafe() -> None:
    assert unsafe({"A.c": File(b"x")}) == [("A.c", "case-twin")]
    assert unsafe({"A.c": File(b"x")}, ("a.c",)) == []
    assert unsafe({"src": File(b"x")}) == [("src", "file-and-folder")]
    assert unsafe({"a.c/b": File(b"x")}) == [("a.c/b", "file-and-folder")]
    assert unsafe({"a.c": File(b"x")}, ("a.c",)) == [("a.c", "changed-and-deleted")]


def test_too_much_is_unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_FILES", 2)
    got = facts({f"{name}.c": File(b"x") for name in "xyz"})
    assert {"path": "", "rule": "too-many-files"} in got["unsafe"] and len(got["changes"]) == 2
    monkeypatch.setattr(changes, "MAX_BYTES", 3)
    assert unsafe({"n.c": File(b"1234")}) == [("", "too-many-bytes")]
    assert unsafe({"n.c": File(b"x" * 100_001)}) == [("n.c", "line-too-long"), ("", "too-many-bytes")]


def test_secrets_are_found_in_added_lines_only() -> None:
    key = b"-----BEGIN RSA PRIVATE KEY-----\n"
    base = {"old.txt": File(key)}
    assert facts({"old.txt": File(key + b"more\n")}, (), base)["secrets"] == []
    got = facts({"new.txt": File(b"fine\n" + key)}, (), base)["secrets"]
    assert got == [{"path": "new.txt", "line": 2, "kind": "private key"}]


NAMES = st.sampled_from(["a.c", "A.c", "src", "src/b.c", "src/n.c", "../x", ".git/x", "conftest.py", "é", "x/y/z.c"])
FILES = st.builds(File, st.binary(max_size=20), st.sampled_from(["100644", "100755", "120000", "160000", "bad"]))


@given(st.dictionaries(NAMES, FILES, max_size=6), st.lists(NAMES, max_size=4).map(tuple))
def test_nothing_is_lost_between_tree_and_facts(changed: dict[str, File], deleted: tuple[str, ...]) -> None:
    """Each real change is listed or unsafe; and what the second wall lets pass is plain and unprotected."""
    got = facts(changed, deleted)
    listed = {change["path"] for change in got["changes"]}
    refused = {entry["path"] for entry in got["unsafe"]}
    for path, file in changed.items():
        if BASE.get(path) != file:
            assert path in listed or ascii(path)[1:-1] in refused
    for path in deleted:
        if path in BASE and path not in changed:
            assert path in listed
    answer = {
        "schema": 1, "allow": True, "deny": [], "warn": [], "require": {}, "decision_id": "d", "revision": "r",
    }  # fmt: skip
    if second_wall(read_answer("edit", "d", "r", {"result": answer}, 0.0), got).permitted:
        assert got["unsafe"] == []
        assert listed <= {"a.c", "A.c", "src", "src/b.c", "src/n.c", "x/y/z.c"}
        assert all(change["mode"] in ("100644", "100755", "") for change in got["changes"])
