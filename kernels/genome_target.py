"""Targets of kind `genome`: the agent itself, scored by the tasks of a suite instead of by one evaluator."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kernels.bench_agent.suite import Task, load_suite
from kernels.bench_agent.task_model import Split
from kernels.target import FILE, BadTarget, Target
from kernels.target_model import Suite

EVALUATOR = "evaluator.py"


@dataclass(frozen=True)
class GenomeTarget(Target):
    """A sound target whose judge holds one folder for each task. It has no seed of its own: the agent in use is it."""

    @property
    def suite(self) -> Suite:
        """Which tasks, and how many at a time."""
        if self.file.suite is None:
            raise BadTarget(self.folder / FILE, "suite", "is missing", "name the folder of tasks")
        return self.file.suite

    @property
    def seed_folder(self) -> Path:
        """None: what the daemon's settings or the last promotion name is the seed."""
        raise BadTarget(self.folder, "", "has no seed tree", "the agent in use is the seed of a genome campaign")

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Every task of the suite, by id. Raises BadTarget for the first faulty one."""
        return tuple(load_suite(self.folder.parent / self.suite.folder / "tasks"))

    def split(self, name: Split) -> list[Task]:
        """The tasks of one split, by id."""
        return [task for task in self.tasks if task.file.split == name]

    def judge_files(self) -> dict[str, bytes]:
        """Every task's judge folder under the task's id. None of it goes to a runner."""
        return {f"{task.id}/{name}": data for task in self.tasks for name, data in sorted(task.judge_files().items())}

    def manifest(self) -> str:
        """SHA-256 over this folder's target.toml and every task, its first tree included."""
        total = hashlib.sha256((self.folder / FILE).read_bytes())
        for task in self.tasks:
            total.update(f"{task.id} {task.manifest()}\n".encode())
        return total.hexdigest()

    def judge_settings(self, folder: Path) -> dict[str, Any]:
        """Settings of the judge that serves all tasks; `task_settings` are those of one task's sessions."""
        return self.task_settings(self.tasks[0], folder)

    def task_settings(self, task: Task, folder: Path) -> dict[str, Any]:
        """Settings of a session over one task; `folder` holds a copy of `judge_files`."""
        return {**task.judge_settings(folder), "evaluator": f"{task.id}/{EVALUATOR}"}
