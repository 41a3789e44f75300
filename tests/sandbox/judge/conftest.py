"""A judge over local processes, and one call that puts a candidate through all its stages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from kernels.target import load_target
from sandbox.judging import Judge, JudgeSettings, Pair
from tests.sandbox.judge.local import LocalBackend

CHECKOUT = Path(__file__).resolve().parents[3]
JUDGE, GUEST = CHECKOUT / "sandbox" / "judge", CHECKOUT / "sandbox" / "guest"

Trial = Callable[..., list[Pair]]


def settings_of(name: str, **changes: object) -> JudgeSettings:
    """A real target's settings, with a short deadline for calls."""
    target = load_target(CHECKOUT / "kernels" / name)
    return JudgeSettings.model_validate({**target.judge_settings(target.folder), "call_seconds": 1.0, **changes})


def seed_of(name: str) -> dict[str, str]:
    """A real target's seed tree."""
    folder = CHECKOUT / "kernels" / name / "seed"
    return {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.is_file()}


def plant(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a candidate's tree as the archive would export it."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o644)
    folder.chmod(0o755)
    return folder


@pytest.fixture
def judges(tmp_path: Path) -> Iterator[Callable[..., Judge]]:
    """Makes judges over local processes; they end with the test."""
    made: list[Judge] = []

    def make(name: str, **changes: object) -> Judge:
        work = tmp_path / f"work{len(made)}"
        work.mkdir()
        judge = Judge(
            LocalBackend(work),
            "sha256:" + "0" * 64,
            settings_of(name, **changes),
            tmp_path / "io",
            f"campaign-{len(made)}",
            GUEST,
            JUDGE,
        )
        made.append(judge)
        return judge

    yield make
    for judge in made:
        judge.close()


@pytest.fixture
def trial(judges: Callable[..., Judge], tmp_path: Path) -> Trial:
    """Build, check and measure a child against its target's seed; raises what the judge says of it."""

    def run(name: str, child: Mapping[str, str], *, count: int = 2, **changes: object) -> list[Pair]:
        arms = {
            "child": plant(tmp_path / "trees" / "child", child),
            "parent": plant(tmp_path / "trees" / "parent", seed_of(name)),
        }
        with judges(name, **changes).session("trial", os.urandom(32), arms) as session:
            session.build("child")
            session.check("child", "visible")
            session.check("child", "sealed")
            pairs = session.pairs(count, "visible") + session.pairs(count, "sealed")
            session.finish()
            return pairs

    return run
