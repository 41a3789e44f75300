"""An imported target put before the judge, with candidates that are edits of its seed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from kernels.importers.task import Imported, write_target
from kernels.target import Target
from sandbox.judging import Judge, JudgeSettings, Pair
from tests.sandbox.judge.conftest import GUEST, JUDGE
from tests.sandbox.judge.local import LocalBackend

Measure = Callable[..., list[Pair]]


def child_of(target: Target, folder: Path, edits: Mapping[str, tuple[str, str]]) -> dict[str, Path]:
    """Trees of parent and child; an edit is (old, new) of a file."""
    arms = {arm: folder / arm for arm in ("parent", "child")}
    for place in arms.values():
        shutil.copytree(target.seed_folder, place)
    for name, (old, new) in edits.items():
        text = (arms["child"] / name).read_text("utf-8")
        assert old in text
        (arms["child"] / name).write_text(text.replace(old, new), "utf-8")
    return arms


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    """Import, build, check and measure two pairs, over local processes; raises what the judge says of the child."""

    def run(found: Imported, edits: Mapping[str, tuple[str, str]], *, extra: Mapping[str, str] = {}) -> list[Pair]:
        (tmp_path / "targets").mkdir()
        (tmp_path / "work").mkdir()
        target = write_target(tmp_path / "targets", "task", found)
        for name, text in extra.items():
            (target.folder / name).parent.mkdir(exist_ok=True)
            (target.folder / name).write_text(text, "utf-8")
        settings = JudgeSettings.model_validate(target.judge_settings(target.folder))
        arms = child_of(target, tmp_path / "arms", edits)
        image = "sha256:" + "0" * 64
        backend = LocalBackend(tmp_path / "work")
        judge = Judge(backend, image, settings, tmp_path / "io", "imports", GUEST, JUDGE)
        with closing(judge), judge.session("trial", os.urandom(32), arms) as session:
            session.build("child")
            assert session.check("child", "visible") == 1
            pairs = session.pairs(2, "visible")
            session.finish()
            return pairs

    return run
