"""Loads targets: folders with `target.toml`, `evaluator.py` and a `seed/` tree. See README.md for how to write one."""

from __future__ import annotations

import hashlib
import math
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from kernels.globs import within
from kernels.target_model import Build, Device, JudgeRules, Metric, Resources, Search, TargetFile, Tree
from workflows.models import TargetFacts

FILE = "target.toml"
EVALUATOR = "evaluator.py"
SEED = "seed"
IMPORTED = "imported"
"""Folder of an imported evaluator: the one part besides the tree that runners see."""
CONTEXT = "context"
"""Folder of background for the proposer; may be absent."""
CONTEXT_BYTES = 400_000
"""Most of it that goes into one task."""
MIB = 1024 * 1024
_CACHES = ("__pycache__", ".mypy_cache", ".ruff_cache")


class BadTarget(Exception):
    """A target that cannot be used: which file, which field, what is wrong, what to do."""

    def __init__(self, file: Path, field: str, problem: str, remedy: str) -> None:
        where = f"{file}: {field}: " if field else f"{file}: "
        super().__init__(f"{where}{problem}; {remedy}")
        self.file = file
        self.field = field
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class Target:
    """A sound target. Files are read when they are asked for, so `manifest` tells what is on the disk now."""

    folder: Path
    file: TargetFile

    @property
    def name(self) -> str:
        """Folder name and name in campaigns."""
        return self.file.name

    @property
    def kind(self) -> Literal["kernel", "program", "genome"]:
        """What policy decides by."""
        return self.file.kind

    @property
    def integrity(self) -> Literal["isolated", "cohabiting"]:
        """Whether judge and candidate are kept apart."""
        return self.file.integrity

    @property
    def tree(self) -> Tree:
        """Editable and protected paths."""
        return self.file.tree

    @property
    def metric(self) -> Metric:
        """What is measured."""
        return self.file.metric

    @property
    def build(self) -> Build:
        """How to build and call a tree."""
        return self.file.build

    @property
    def resources(self) -> Resources:
        """Limits of a runner."""
        return self.file.resources

    @property
    def judge(self) -> JudgeRules:
        """How to measure."""
        return self.file.judge

    @property
    def search(self) -> Search:
        """What suits the search."""
        return self.file.search

    @property
    def device(self) -> Device | None:
        """The GPU that it needs, if it does."""
        return self.file.device

    @property
    def seed_folder(self) -> Path:
        """The tree that every campaign starts from."""
        return self.folder / SEED

    def min_effect(self) -> float:
        """Smallest gain worth having, as a gain: log speed-up for time targets, metric difference for scores."""
        effect = self.metric.min_effect
        return math.log1p(effect) if self.metric.kind == "time" else effect

    def session_seconds(self) -> float:
        """Longest life of one runner, in seconds."""
        return self.resources.session_seconds

    def judge_files(self) -> dict[str, bytes]:
        """Everything but the seed tree, by relative path: what the judge is given and the manifest covers."""
        try:
            return {
                path.relative_to(self.folder).as_posix(): path.read_bytes()
                for path in sorted(self.folder.rglob("*"))
                if path.is_file() and self._trusted(path)
            }
        except OSError as error:
            raise BadTarget(self.folder, "", f"cannot be read: {error.strerror}", "check its permissions") from error

    def context(self) -> dict[str, str]:
        """Background for the proposer: the text files below `context/` (papers, notes, rival code), whole ones only."""
        root = self.folder / CONTEXT
        found: dict[str, str] = {}
        room = CONTEXT_BYTES
        for path in sorted(root.rglob("*")):
            if not path.is_file() or path.is_symlink() or path.stat().st_size > room:
                continue
            try:
                text = path.read_text("utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            found[path.relative_to(root).as_posix()] = text
            room -= len(text.encode())
        return found

    def manifest(self) -> str:
        """SHA-256 over paths and contents of `judge_files`: what must not change during a campaign."""
        total = hashlib.sha256()
        for name, data in self.judge_files().items():
            for part in (name.encode(), data):
                total.update(len(part).to_bytes(8, "big"))
                total.update(part)
        return total.hexdigest()

    def facts(self) -> TargetFacts:
        """What workflows know of the target."""
        return TargetFacts(
            name=self.name,
            kind=self.kind,
            metric=self.metric.name,
            metric_kind=self.metric.kind,
            integrity=self.integrity,
            manifest=self.manifest(),
            devices=self.device.vendors if self.device else (),
        )

    def public(self) -> dict[str, Any]:
        """What the proposer is told."""
        return {
            "name": self.name,
            "title": self.file.title,
            "description": self.file.description,
            "metric": self.metric.name,
            "direction": self.metric.direction,
            "editable": list(self.tree.editable),
        }

    def judge_settings(self, folder: Path) -> dict[str, Any]:
        """Fields of the sandbox's JudgeSettings; `folder` holds a copy of `judge_files` that containers may read."""
        return {
            "folder": str(folder),
            "name": self.name,
            "metric_kind": self.metric.kind,
            "language": self.build.language,
            "build": () if self.device else self.build.argv,
            "build_seconds": self.build.seconds,
            "file": self.build.file,
            "symbol": self.build.symbol,
            "call_seconds": self.resources.call_seconds,
            "runtime": self.resources.runtime,
            "gflops": self.judge.gflops,
            "gbytes": self.judge.gbytes,
            "resolution_seconds": self.judge.resolution_us / 1e6,
            "run_limits": {
                "cpus": self.resources.cpus,
                "memory_bytes": self.resources.memory_mb * MIB,
                "pids": self.resources.pids,
                "wall_seconds": self.resources.session_seconds,
            },
        }

    def _trusted(self, path: Path) -> bool:
        parts = path.relative_to(self.folder).parts
        return parts[0] != SEED and not any(part in _CACHES for part in parts)


def load_target(folder: Path) -> Target:
    """Read and check one target folder. Raises BadTarget."""
    path = folder / FILE
    try:
        file = _parsed(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadTarget(path, "", "there is no such file", "see kernels/README.md for how to write one") from error
    except OSError as error:
        raise BadTarget(path, "", f"cannot be read: {error.strerror}", "check its permissions") from error
    except UnicodeDecodeError as error:
        raise BadTarget(path, "", "is not UTF-8 text", "save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise BadTarget(path, "", f"is not TOML: {error}", "correct the line it names") from error
    except ValidationError as error:
        raise _first(path, error) from error
    if file.name != folder.resolve().name:
        raise BadTarget(path, "name", f"{file.name!r} is not the folder's name", "give both the same name")
    if file.kind == "genome":
        return _genome(folder, file)
    for needed, remedy in ((EVALUATOR, "write it, see kernels/README.md"), (SEED, "put the first tree there")):
        if not (folder / needed).exists():
            raise BadTarget(folder / needed, "", "is missing", remedy)
    script = folder / IMPORTED / file.build.file
    if file.build.language == "evaluator" and not script.is_file():
        raise BadTarget(script, "", "is missing", "it is what build.file names; put the evaluator's script there")
    if not any(found.is_file() for found in (folder / SEED).rglob("*")):
        raise BadTarget(folder / SEED, "", "holds no files", "put the first tree there")
    _check_producers(folder, file)
    return Target(folder, file)


@lru_cache(maxsize=256)
def _parsed(text: str) -> TargetFile:
    """Raises TOMLDecodeError and ValidationError."""
    return TargetFile.model_validate(tomllib.loads(text))


def _check_producers(folder: Path, file: TargetFile) -> None:
    """Every fitness signal comes from a file that is there and that no candidate may edit. Raises BadTarget."""
    if EVALUATOR not in file.metric.producers:
        problem = f"leaves out {EVALUATOR}, which makes every number"
        raise BadTarget(folder / FILE, "metric.producers", problem, "add it")
    for name in file.metric.producers:
        if not (folder / name).is_file():
            raise BadTarget(folder / FILE, "metric.producers", f"{name!r} is not there", "name files of the target")
        inside = name.removeprefix(f"{SEED}/")
        if inside != name and within(inside, file.tree.editable) and not within(inside, file.tree.protected):
            problem = f"{name!r} is in tree.editable: a candidate would make its own score"
            raise BadTarget(folder / FILE, "metric.producers", problem, "protect it, or measure from outside")


def _genome(folder: Path, file: TargetFile) -> Target:
    from kernels.genome_target import GenomeTarget  # it is a Target itself

    target = GenomeTarget(folder, file)
    for split in ("validation", "sealed"):
        if not any(task.file.split == split for task in target.tasks):
            raise BadTarget(folder / FILE, "suite.folder", f"has no {split} task", "name a suite that has some")
    if file.metric.producers != (EVALUATOR,):
        problem = "names more than the judge of the suite's tasks: no file of the agent makes its score"
        raise BadTarget(folder / FILE, "metric.producers", problem, "leave it out")
    return target


def list_targets(root: Path) -> list[Target]:
    """The sound targets below `root`, by name; folders that are none, or are faulty, are left out."""
    found = []
    for path in sorted(root.glob(f"*/{FILE}")):
        try:
            found.append(load_target(path.parent))
        except BadTarget:
            continue
    return found


def _first(path: Path, error: ValidationError) -> BadTarget:
    problem = error.errors()[0]
    field = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return BadTarget(path, field, "is missing", "add it, see kernels/README.md")
    if problem["type"] == "extra_forbidden":
        return BadTarget(path, field, "is not a known field", "check its spelling, or remove it")
    said = problem["msg"].removeprefix("Value error, ")
    return BadTarget(path, field, f"{said} (is {str(problem['input'])[:80]!r})", "correct it, see kernels/README.md")
