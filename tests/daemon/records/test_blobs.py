"""The blob store: named by content, capped, whole or absent, and erased for good."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.records.blobs import BlobErased, BlobStore
from workflows.ports import InfrastructureError, RefusedError

ABSENT = "0" * 64


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs", max_bytes=1000)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(data=st.binary(max_size=1000))
def test_what_was_put_comes_back(blobs: BlobStore, data: bytes) -> None:
    name = blobs.put(data)
    assert name == hashlib.sha256(data).hexdigest() == blobs.put(data)
    assert blobs.get(name) == data and blobs.has(name)


def test_the_cap_holds(blobs: BlobStore) -> None:
    with pytest.raises(RefusedError, match="over the cap of 1000"):
        blobs.put(bytes(1001))


def test_unknown_and_malformed_names(blobs: BlobStore) -> None:
    assert not blobs.has(ABSENT)
    with pytest.raises(KeyError, match="nothing is stored"):
        blobs.get(ABSENT)
    with pytest.raises(KeyError, match="nothing is stored"):
        blobs.erase(ABSENT, actor="ada", reason="")
    for name in ("", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"):
        with pytest.raises(ValueError, match="not a SHA-256"):
            blobs.get(name)


def test_erased_stays_erased(blobs: BlobStore) -> None:
    name = blobs.put(b"a secret")
    tombstone = blobs.erase(name, actor="ada", reason="a key was in it")
    assert (tombstone.size, tombstone.actor, tombstone.reason) == (8, "ada", "a key was in it")
    assert blobs.erase(name, actor="bob", reason="again") == tombstone == blobs.tombstone(name)
    assert blobs.put(b"a secret") == name
    assert not blobs.has(name)
    with pytest.raises(BlobErased, match="erased by ada: a key was in it"):
        blobs.get(name)


def test_a_damaged_blob_is_never_handed_out(blobs: BlobStore, tmp_path: Path) -> None:
    name = blobs.put(b"content")
    path = tmp_path / "blobs" / name[:2] / name[2:]
    path.write_bytes(b"c0ntent")
    with pytest.raises(InfrastructureError, match="damaged"):
        blobs.get(name)
    path.write_bytes(b"")
    blobs.put(b"content")
    assert blobs.get(name) == b"content", "one that was cut short is written again"


def test_a_full_disk_leaves_nothing_behind(blobs: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("daemon.records.files.os.fsync", fail)
    with pytest.raises(InfrastructureError, match="No space left"):
        blobs.put(b"content")
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert blobs.get(blobs.put(b"content")) == b"content"


def test_two_may_put_the_same_at_once(blobs: BlobStore) -> None:
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(blobs.put(b"x" * 900))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 1 and len(names) == 16 and blobs.get(names[0]) == b"x" * 900


def test_only_the_owner_may_read(blobs: BlobStore, tmp_path: Path) -> None:
    name = blobs.put(b"content")
    assert (tmp_path / "blobs" / name[:2] / name[2:]).stat().st_mode & 0o077 == 0
    assert (tmp_path / "blobs").stat().st_mode & 0o077 == 0
