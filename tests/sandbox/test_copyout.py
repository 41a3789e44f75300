"""The bundle: honest ones arrive whole, hostile ones end in one word."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.copyout import BadBundle, Bundle, BundleLimits, FileEdit, make_outbox, parse_bundle, read_bundle

HONEST: dict[str, Any] = {
    "format": 1,
    "status": "proposed",
    "reason": "",
    "hypothesis": "tiles fit the cache",
    "files": {
        "src/a.c": {"mode": "100644", "text": "int a;\n"},
        "b.bin": {"mode": "100755", "base64": "AAH/"},
    },
    "deleted": ["old.c"],
    "usage": {"calls": 2},
}


def with_changes(**changes: Any) -> bytes:
    return json.dumps({**HONEST, **changes}).encode()


def one_file(**entry: Any) -> bytes:
    return with_changes(files={"a": entry})


def test_an_honest_bundle_arrives_whole() -> None:
    assert parse_bundle(with_changes()) == Bundle(
        status="proposed",
        files={"src/a.c": FileEdit("100644", b"int a;\n"), "b.bin": FileEdit("100755", b"\x00\x01\xff")},
        deleted=("old.c",),
        hypothesis="tiles fit the cache",
        reason="",
        calls=2,
    )


def test_hostile_paths_and_modes_are_carried_to_the_gate() -> None:
    bundle = parse_bundle(with_changes(files={"../../etc/passwd": {"mode": "120000", "text": "/etc"}}))
    assert bundle.files == {"../../etc/passwd": FileEdit("120000", b"/etc")}


HOSTILE: list[tuple[str, bytes]] = [
    ("json", b"{"),
    ("json", b"\xff\xfe"),
    ("json", b"not json"),
    ("json", b'{"a": "' + b"\\"),
    ("shape", b"[]"),
    ("shape", b"null"),
    ("format", b"{}"),
    ("format", with_changes(format=2)),
    ("format", with_changes(format=True)),
    ("status", with_changes(status="accepted")),
    ("shape", with_changes(verdict="accepted")),
    ("shape", with_changes(files=[])),
    ("shape", with_changes(files={"a": "text"})),
    ("shape", with_changes(deleted="old.c")),
    ("shape", with_changes(deleted=[1])),
    ("shape", with_changes(hypothesis=1)),
    ("shape", with_changes(usage={"calls": -1})),
    ("shape", with_changes(usage={"calls": True})),
    ("size", with_changes(hypothesis="x" * 2001)),
    ("size", with_changes(files={"a" * 4097: {"text": ""}})),
    ("size", one_file(text="x" * 2_000_001)),
    ("size", b" " * (4 * 1024 * 1024 + 1)),
    ("files", with_changes(files={str(at): {"text": ""} for at in range(201)}, deleted=[])),
    ("conflict", with_changes(deleted=["b.bin"])),
    ("duplicate", with_changes(deleted=["x", "x"])),
    ("duplicate", b'{"format": 1, "format": 1}'),
    ("duplicate", b'{"format":1,"status":"proposed","files":{"a":{"text":"1"},"a":{"text":"2"}}}'),
    ("mode", one_file(mode="644", text="")),
    ("mode", one_file(mode=100644, text="")),
    ("shape", one_file(mode="100644")),
    ("shape", one_file(text="", base64="")),
    ("shape", one_file(text=None)),
    ("shape", one_file(text="", owner="root")),
    ("base64", one_file(base64="!!!!")),
    ("base64", one_file(base64="AAA")),
    ("text", one_file(text="\ud800")),
    ("text", with_changes(hypothesis="\udfff")),
    ("number", with_changes(format=float("nan"))),
    ("number", with_changes(format=float("inf"))),
    ("number", b'{"format": 1e999}'),
    ("number", b'{"format": ' + b"9" * 100_000 + b"}"),
    ("number", b'{"format": 0.' + b"9" * 100_000 + b"}"),
    ("depth", b"[" * 100_000),
    ("depth", b'{"a":' * 33 + b"1" + b"}" * 33),
    ("values", b"[" + b"[]," * 100_000 + b"[]]"),
    ("values", b'{"deleted":[' + b'"",' * 100_000 + b'""]}'),
]


@pytest.mark.parametrize(("rule", "data"), HOSTILE, ids=[f"{rule}-{at}" for at, (rule, _) in enumerate(HOSTILE)])
def test_a_hostile_bundle_ends_in_one_word(rule: str, data: bytes) -> None:
    with pytest.raises(BadBundle) as error:
        parse_bundle(data)
    assert error.value.rule == rule
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    "data", [b'"' + b'\\"' * 1_500_000, b'"' * 4_000_000, b"[]" * 2_000_000, b"{" + b" " * 4_000_000]
)
def test_hostile_sizes_cost_little_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BadBundle):
            parse_bundle(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 * 1024 * 1024


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=500)
@given(
    st.binary(max_size=200)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries({}, optional=dict.fromkeys(HONEST, json_values)).map(
        lambda changes: json.dumps({**HONEST, **changes}).encode()
    )
)
def test_whatever_comes_the_answer_is_a_bundle_or_bad_bundle(data: bytes) -> None:
    try:
        bundle = parse_bundle(data)
    except BadBundle as error:
        assert error.rule
    else:
        assert bundle.status in ("proposed", "failed")
        assert all(isinstance(edit.data, bytes) for edit in bundle.files.values())


paths = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(st.dictionaries(paths, st.text(st.characters(codec="utf-8")), max_size=10))
def test_texts_arrive_as_their_utf8_bytes(texts: dict[str, str]) -> None:
    bundle = parse_bundle(with_changes(files={path: {"text": text} for path, text in texts.items()}, deleted=[]))
    assert {path: edit.data for path, edit in bundle.files.items()} == {p: t.encode() for p, t in texts.items()}


def test_the_outbox_is_empty_and_writable_for_the_runner_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        outbox = make_outbox(tmp_path / "deep" / "bundle.json")
        outbox.write_bytes(b"left by a crashed attempt")
        outbox = make_outbox(outbox)
    finally:
        os.umask(before)
    assert outbox.stat().st_mode & 0o777 == 0o666
    with pytest.raises(BadBundle) as error:
        read_bundle(outbox)
    assert error.value.rule == "empty"
    outbox.write_bytes(with_changes())
    assert read_bundle(outbox).deleted == ("old.c",)


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(with_changes())
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "folder", "fifo", "gone"):
        with pytest.raises(BadBundle) as error:
            read_bundle(tmp_path / name)
        assert error.value.rule == "file"


def test_a_sparse_giant_is_read_to_the_cap_only(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(50 * 1024**3)
    with pytest.raises(BadBundle) as error:
        read_bundle(tmp_path / "sparse", BundleLimits(json_bytes=1000))
    assert error.value.rule == "size"
