"""The agent as a target: scored by a suite, with one judge for all of its tasks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kernels.genome_target import GenomeTarget
from kernels.target import BadTarget, load_target
from sandbox.judge_settings import JudgeSettings

KERNELS = Path(__file__).resolve().parent.parent.parent / "kernels"
KEPT = ("lru-cache", "c-list-remove", "base-words")


@pytest.fixture
def target(tmp_path: Path) -> GenomeTarget:
    """A copy with three tasks."""
    shutil.copytree(KERNELS / "genome", tmp_path / "genome")
    for name in KEPT:
        shutil.copytree(KERNELS / "bench_agent" / "tasks" / name, tmp_path / "bench_agent" / "tasks" / name)
    texts = {name: (tmp_path / "bench_agent" / "tasks" / name / "task.toml").read_text() for name in KEPT}
    splits = dict(zip(KEPT, ("validation", "visible", "sealed"), strict=True))
    for name, split in splits.items():
        lines = [f'split = "{split}"' if line.startswith("split") else line for line in texts[name].splitlines()]
        (tmp_path / "bench_agent" / "tasks" / name / "task.toml").write_text("\n".join(lines) + "\n")
    return loaded(tmp_path / "genome")


def loaded(folder: Path) -> GenomeTarget:
    target = load_target(folder)
    assert isinstance(target, GenomeTarget)
    return target


def test_the_shipped_suite_holds_out_fifty_tasks() -> None:
    target = loaded(KERNELS / "genome")
    assert len(target.split("validation")) + len(target.split("sealed")) >= 50
    assert max(target.suite.stages) < len(target.split("validation"))
    assert {task.file.language for task in target.split("sealed")} == {"python", "c"}


def test_one_judge_serves_every_task(target: GenomeTarget) -> None:
    files = target.judge_files()
    assert {f"{name}/cases.json" for name in KEPT} < files.keys()
    for task in target.tasks:
        settings = JudgeSettings.model_validate(target.task_settings(task, Path("/judge")))
        assert settings.evaluator in files and settings.rules()["evaluator"] == f"{task.id}/evaluator.py"
    assert not any("solution" in name or "tree" in name for name in files)


@pytest.mark.parametrize("touched", ["tests/cases.json", "tree/main.c"])
def test_a_changed_task_changes_the_manifest(target: GenomeTarget, touched: str) -> None:
    before = target.manifest()
    path = target.folder.parent / "bench_agent" / "tasks" / "c-list-remove" / touched
    path.write_text(path.read_text() + "\n")
    assert loaded(target.folder).manifest() != before


def test_a_suite_without_held_out_tasks_is_no_suite(target: GenomeTarget) -> None:
    shutil.rmtree(target.folder.parent / "bench_agent" / "tasks" / "base-words")
    with pytest.raises(BadTarget, match="sealed"):
        load_target(target.folder)


def test_only_genomes_have_a_suite(target: GenomeTarget) -> None:
    path = target.folder / "target.toml"
    path.write_text(path.read_text().replace('kind = "genome"', 'kind = "program"'))
    with pytest.raises(BadTarget, match="suite"):
        load_target(target.folder)


def test_its_seed_is_the_agent_in_use(target: GenomeTarget) -> None:
    with pytest.raises(BadTarget, match="agent in use"):
        _ = target.seed_folder
