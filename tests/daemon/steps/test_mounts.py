"""The folders of a session are the trees that were committed, before and after it; else nothing counts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.gitfolders import folder_id
from daemon.repo import File, TreeStore
from daemon.steps.mounts import unchanged
from workflows.ports import RefusedError

FILES = {"a.c": File(b"int a;\n"), "src/b.py": File(b"b = 1\n"), "src/run.sh": File(b"#!/bin/sh\n", "100755")}


@pytest.fixture
def mounted(tmp_path: Path) -> tuple[Path, str]:
    """An exported tree, and its id in the archive."""
    trees = TreeStore(tmp_path / "git")
    tree = trees.write_tree(FILES)
    trees.export(tree, tmp_path / "child")
    return tmp_path / "child", tree


def test_a_folder_has_the_id_of_its_tree(mounted: tuple[Path, str]) -> None:
    folder, tree = mounted
    assert folder_id(folder) == tree
    told: list[Any] = []
    with unchanged(lambda kind, body: told.append(kind), {folder: tree}):
        pass
    assert told == []


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda folder: (folder / "a.c").write_text("int b;\n"),
    "a new file": lambda folder: (folder / "src" / "more.py").write_text(""),
    "a cache": lambda folder: ((folder / "__pycache__").mkdir(), (folder / "__pycache__" / "a.pyc").write_text("x")),
    "gone": lambda folder: (folder / "a.c").unlink(),
    "mode": lambda folder: (folder / "a.c").chmod(0o755),
    "a link": lambda folder: (folder / "link").symlink_to("/etc/passwd"),
    "a pipe": lambda folder: os.mkfifo(folder / "pipe"),
    "moved": lambda folder: (folder / "a.c").rename(folder / "b.c"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("when", ["before", "during"])
def test_a_change_between_check_and_use_lets_nothing_count(mounted: tuple[Path, str], change: str, when: str) -> None:
    folder, tree = mounted
    told: list[tuple[str, dict[str, Any]]] = []
    ran = []
    if when == "before":
        CHANGES[change](folder)
    with (
        pytest.raises(RefusedError, match="nothing measured counts") as caught,
        unchanged(lambda kind, body: told.append((kind, body)), {folder: tree}),
    ):
        ran.append(True)
        CHANGES[change](folder)
    assert caught.value.rule == "TREE" and bool(ran) == (when == "during")
    assert [(kind, body["changed"], body["wanted"]) for kind, body in told] == [
        ("manifest.changed", ["child"], {"child": tree})
    ]
    assert told[0][1]["when"].startswith(when)
