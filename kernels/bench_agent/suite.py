"""Loads tasks: folders with `task.toml`, `tree/`, `tests/` and `solution/`. See README.md for how to write one."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from kernels.bench_agent.task_model import CasesFile, ProgramAsk, TaskFile
from kernels.target import BadTarget

HERE = Path(__file__).resolve().parent
TASKS = HERE / "tasks"
SEE = "see kernels/bench_agent/README.md"
FLAGS = ("-std=c11", "-O1", "-g", "-Wall", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
"""A C program that touches memory it does not own ends there and then, so that luck with the heap decides nothing."""
MIB = 1024 * 1024
CALL_SECONDS = 5.0
BUILD_SECONDS = 30.0

Model = TypeVar("Model", bound=BaseModel)


class BadTask(BadTarget):
    """A task that cannot be used: which file, which field, what is wrong, what to do."""


@dataclass(frozen=True)
class Task:
    """A sound task."""

    folder: Path
    file: TaskFile
    cases: CasesFile

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.file.id

    def tree(self) -> dict[str, str]:
        """What the agent starts from, by relative path."""
        return _texts(self.folder / "tree")

    def solution(self) -> dict[str, str]:
        """The tree with the reference solution over it: for the suite's own test, never for an agent."""
        return {**self.tree(), **_texts(self.folder / "solution")}

    def judge_files(self) -> dict[str, bytes]:
        """The judge's folder: the evaluator with this task's hidden checks. None of it goes to a runner."""
        tests = self.folder / "tests"
        names = [name for name in ("cases.json", "rules.py") if (tests / name).exists()]
        return {
            "evaluator.py": (HERE / "evaluator.py").read_bytes(),
            **{name: (tests / name).read_bytes() for name in names},
        }

    def manifest(self) -> str:
        """SHA-256 over the judge's files and the first tree: a score is only comparable under the same one."""
        parts = {**self.judge_files(), **{f"tree/{path}": text.encode() for path, text in self.tree().items()}}
        return hashlib.sha256(
            json.dumps([(k, hashlib.sha256(parts[k]).hexdigest()) for k in sorted(parts)]).encode()
        ).hexdigest()

    def build(self) -> tuple[str, ...]:
        """The build command; Python has none. Files of C are those of the first tree, whatever a candidate adds."""
        if self.file.language == "python":
            return ()
        sources = sorted(path for path in self.tree() if path.endswith(".c"))
        return ("gcc", *FLAGS, "-o", f"{{out}}/{self.program()}", *sources, "-lm")

    def program(self) -> str:
        """Name of the built program."""
        return Path(self.file.file).stem

    def judge_settings(self, folder: Path) -> dict[str, Any]:
        """Fields of the sandbox's JudgeSettings; `folder` holds a copy of `judge_files` that containers may read."""
        python = self.file.language == "python"
        return {
            "folder": str(folder),
            "name": self.id,
            "metric_kind": "score",
            "language": "json" if python else "program",
            "build": self.build(),
            "build_seconds": BUILD_SECONDS,
            "file": self.file.file if python else self.program(),
            "call_seconds": CALL_SECONDS,
            # The address sanitizer needs room beside the program's own.
            "run_limits": {"memory_bytes": 512 * MIB, "pids": 64, "wall_seconds": 120.0},
        }

    def document(self) -> dict[str, Any]:
        """What the agent is told: no hidden case, no solution, no split."""
        return {
            "id": self.id,
            "title": self.file.title,
            "language": self.file.language,
            "statement": self.file.statement,
            "editable": list(self.file.editable),
            "file": self.file.file,
            "build": list(self.build()),
            "files": self.tree(),
            "examples": [case.model_dump(exclude_unset=True) for case in self.cases.visible if case.rule is None],
        }


def load_task(folder: Path) -> Task:
    """Read and check one task. Raises BadTask."""
    path, cases_path = folder / "task.toml", folder / "tests" / "cases.json"
    try:
        file = _model(path, TaskFile, tomllib.loads(_read(path)))
    except tomllib.TOMLDecodeError as error:
        raise BadTask(path, "", f"is not TOML: {error}", "correct the line it names") from error
    try:
        cases = _model(cases_path, CasesFile, json.loads(_read(cases_path)))
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadTask(cases_path, "", f"is not JSON: {error}", "correct the place it names") from error
    task = Task(folder, file, cases)
    if file.id != folder.resolve().name:
        raise BadTask(path, "id", f"{file.id!r} is not the folder's name", "give both the same name")
    for name, given in (("tree", task.tree()), ("solution", _texts(folder / "solution"))):
        if not given:
            raise BadTask(folder / name, "", "holds no files", f"put the {name} there")
    if file.file not in task.tree():
        raise BadTask(path, "file", f"{file.file!r} is not in the tree", "name a file of tree/")
    for case in (*cases.visible, *cases.hidden):
        if isinstance(case.ask, ProgramAsk) != (file.language == "c"):
            raise BadTask(cases_path, case.name, "asks in the other language's way", "C: stdin; Python: call or steps")
        if case.rule and not (folder / "tests" / "rules.py").exists():
            raise BadTask(cases_path, case.name, "names a rule, but there is no tests/rules.py", "write it")
    return task


def load_suite(root: Path = TASKS) -> list[Task]:
    """All tasks below `root`, by id. Raises BadTask for the first faulty one, or when there is none."""
    tasks = [load_task(path) for path in sorted(root.iterdir()) if path.is_dir() and path.name != "__pycache__"]
    if not tasks:
        raise BadTask(root, "", "holds no task", SEE)
    return tasks


def counts(tasks: list[Task]) -> dict[str, dict[str, int]]:
    """Number of tasks by split and language."""
    splits = sorted({task.file.split for task in tasks})
    return {split: dict(Counter(task.file.language for task in tasks if task.file.split == split)) for split in splits}


def _texts(folder: Path) -> dict[str, str]:
    try:
        return {
            path.relative_to(folder).as_posix(): path.read_text("utf-8")
            for path in sorted(folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
    except (OSError, UnicodeDecodeError) as error:
        raise BadTask(folder, "", f"cannot be read: {error}", "keep to readable files in UTF-8") from error


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise BadTask(path, "", "there is no such file", SEE) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadTask(path, "", f"cannot be read: {error}", "keep to readable files in UTF-8") from error


def _model(path: Path, model: type[Model], data: Any) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        said = problem["msg"].removeprefix("Value error, ")
        raise BadTask(path, field, f"{said} (is {str(problem['input'])[:80]!r})", f"correct it, {SEE}") from error
