"""Repositories by address: cloned without running anything of theirs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kernels.importers import cloning
from kernels.importers.cloning import cloned, is_url
from kernels.importers.reading import read_tree
from kernels.target import BadTarget


def repository(folder: Path) -> Path:
    """Two commits, and a hook that leaves a mark when a clone or checkout runs it."""
    folder.mkdir()
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    for text in ("one\n", "two\n"):
        (folder / "run.sh").write_text(text)
        subprocess.run(["git", "-C", str(folder), "add", "."], check=True)
        subprocess.run(["git", "-C", str(folder), *who, "commit", "-qm", text], check=True)
    hook = folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {folder}/hooked\n")
    hook.chmod(0o755)
    return folder


def test_the_newest_commit_comes_and_no_hook_of_ours_or_theirs_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = repository(tmp_path / "task")
    home = tmp_path / "home"
    (home / "template" / "hooks").mkdir(parents=True)
    planted = home / "template" / "hooks" / "post-checkout"
    planted.write_text(f"#!/bin/sh\ntouch {tmp_path}/planted\n")
    planted.chmod(0o755)
    (home / ".gitconfig").write_text(f"[init]\n\ttemplateDir = {home}/template\n")
    monkeypatch.setenv("HOME", str(home))
    with cloned(f"file://{source}") as folder:
        assert folder.name == "task" and read_tree(folder) == {"run.sh": b"two\n"}
        assert (folder / ".git" / "shallow").exists(), "one commit, not the history"
    assert not folder.exists() and not (source / "hooked").exists() and not (tmp_path / "planted").exists()


@pytest.mark.parametrize(
    "url",
    ["http://x/y", "git://x/y", "ext::sh -c id", "ext://x", "-uhttps://x/y", "https://x/\ny", "--upload-pack=id://x"],
)
def test_other_ways_are_refused(url: str) -> None:
    with pytest.raises(BadTarget, match="is no address that is cloned"), cloned(url):
        raise AssertionError("cloned")


def test_what_cannot_be_cloned_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadTarget, match="cannot clone"), cloned(f"file://{tmp_path}/none"):
        raise AssertionError("cloned")


def test_a_repository_beyond_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = repository(tmp_path / "task")
    monkeypatch.setattr(cloning, "BYTES", 16)
    with pytest.raises(BadTarget, match="cannot clone"), cloned(f"file://{source}"):
        raise AssertionError("cloned")


def test_a_folder_is_no_address() -> None:
    assert not is_url("/a/b") and is_url("https://a/b")
