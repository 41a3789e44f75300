"""Tasks in real containers: sanitized programs and plain calls work under the runner's profile and limits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from kernels.bench_agent.suite import TASKS, Task, load_task
from sandbox.docker_backend import DockerBackend
from sandbox.judging import CandidateFault, Judge, JudgeSettings
from sandbox.payload import place
from tests.sandbox.judge.conftest import GUEST, JUDGE, plant

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("name", ["c-list-remove", "lru-cache"])
def test_a_task_is_solved_by_its_solution_only(
    name: str, docker_backend: DockerBackend, sandbox_image: str, tmp_path: Path
) -> None:
    task, payloads = load_task(TASKS / name), tmp_path / "payload"
    settings = JudgeSettings.model_validate(task.judge_settings(place(task.judge_files(), payloads)))
    judge = Judge(
        docker_backend,
        sandbox_image,
        settings,
        tmp_path / "io",
        f"t-{os.urandom(4).hex()}",
        place(GUEST, payloads),
        place(JUDGE, payloads),
        labels={"ratchet.test": "tasks"},
    )
    try:
        assert checked(judge, task, "solution", task.solution(), tmp_path) > 3
        with pytest.raises(CandidateFault) as caught:
            checked(judge, task, "tree", task.tree(), tmp_path)
        assert caught.value.verdict == "failed:wrong"
    finally:
        judge.close()


def checked(judge: Judge, task: Task, key: str, tree: Mapping[str, str], folder: Path) -> int:
    """How many checks a tree passed: all, or the fault of the first that it did not."""
    with judge.session(key, os.urandom(32), {"child": plant(folder / key, tree)}) as session:
        session.build("child")
        return session.check("child", "visible") + session.check("child", "sealed")
