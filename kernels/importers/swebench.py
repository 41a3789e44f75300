"""Tasks in SWE-bench's shape: `instance.json` (statement, base commit, test patch, ids of tests) and `repo/`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernels.importers.exercism import METRIC
from kernels.importers.history import patched, tree_at
from kernels.importers.reading import needs, read_tree
from kernels.importers.task import KEPT_DESCRIPTION, Imported
from kernels.target import BadTarget

INSTANCE = "instance.json"
REPO = "repo"
REQUIRED = ("problem_statement", "test_patch", "FAIL_TO_PASS")
_OF_UNITTEST = re.compile(r"(\w+) \(([\w.]+)\)")


def read(folder: Path, editable: Sequence[str] = ("**",)) -> Imported:
    """The instance as a task. The seed is the tree of the base commit and nothing of the history, before or after.

    The files of the test patch are hidden: they are laid over a candidate's tree when it is scored, and it cannot edit
    them. Ids are `path::name` (pytest, which the image then needs) or `module.Class.name` and `name (module.Class)`
    (unittest). The reference patch is not copied. Raises BadTarget.
    """
    instance = _instance(folder)
    files = _tree(folder, instance)
    tests = patched(folder / INSTANCE, files, instance["test_patch"], "test_patch")
    if not tests:
        raise BadTarget(folder / INSTANCE, "test_patch", "changes no file", "give the patch with the hidden tests")
    wanted, kept = (_ids(folder, instance, name) for name in ("FAIL_TO_PASS", "PASS_TO_PASS"))
    if not wanted:
        raise BadTarget(folder / INSTANCE, "FAIL_TO_PASS", "names no test", "list the ids that a solution must pass")
    statement = instance["problem_statement"].strip()
    lacking = needs(tests, ("numpy", *{part for name in files for part in Path(name).with_suffix("").parts}))
    by_pytest = ["pytest"] if any("::" in test for test in (*wanted, *kept)) else []
    return Imported(
        source="swebench",
        script="hidden_tests",
        title=f"{str(instance.get('instance_id') or folder.resolve().name)[:150]} (imported)",
        description=statement,
        context={"statement.md": statement} if len(statement) > KEPT_DESCRIPTION else {},
        seed=files,
        editable=tuple(editable),
        protected=tuple(tests),
        metric=METRIC,
        task=tests,
        facts={"tests": list(tests), "fail_to_pass": wanted, "pass_to_pass": kept},
        low=0.0,
        high=1.0,
        seconds=540.0,
        min_effect=round(0.5 / len(wanted), 6),
        needs=tuple(sorted({*lacking, *by_pytest})),
    )


def _instance(folder: Path) -> dict[str, Any]:
    path = folder / INSTANCE
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadTarget(path, "", "is missing", "put the task's row there, as JSON") from error
    except (ValueError, RecursionError) as error:
        raise BadTarget(path, "", f"is not JSON: {error}", "correct the place it names") from error
    for name in REQUIRED:
        if not isinstance(found, dict) or not found.get(name):
            raise BadTarget(path, name, "is missing", "it is one of the fields of such a task")
    for name in ("problem_statement", "test_patch"):
        if not isinstance(found[name], str):
            raise BadTarget(path, name, "is no text", "correct it")
    return dict(found)


def _tree(folder: Path, instance: dict[str, Any]) -> dict[str, bytes]:
    place = folder / REPO
    if not place.is_dir():
        raise BadTarget(place, "", "is missing", "put the repository there: a clone, or its files at the base commit")
    if not (place / ".git").exists():
        return read_tree(place)
    commit = instance.get("base_commit")
    if not isinstance(commit, str):
        raise BadTarget(folder / INSTANCE, "base_commit", "is missing", "repo/ has a history: say which commit")
    return tree_at(place, commit)


def _ids(folder: Path, instance: dict[str, Any], name: str) -> list[str]:
    """A list, or a list as JSON text, as the published rows have it."""
    given = instance.get(name) or []
    try:
        ids = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        ids = None
    if not isinstance(ids, list) or not all(isinstance(test, str) and test for test in ids):
        raise BadTarget(folder / INSTANCE, name, "is no list of ids", 'write ["path::test", …]')
    return [_OF_UNITTEST.sub(r"\2.\1", test) if _OF_UNITTEST.fullmatch(test) else test for test in ids]
