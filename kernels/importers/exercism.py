"""Exercises in Exercism's shape: `.meta/config.json`, `.docs/instructions.md`, a stub, tests on Python's unittest."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kernels.importers.reading import needs, read_tree, text_of
from kernels.importers.task import KEPT_DESCRIPTION, Imported
from kernels.target import BadTarget

CONFIG = ".meta/config.json"
DOCS = (".docs/introduction.md", ".docs/instructions.md", ".docs/instructions.append.md")
METRIC = "tests_passed"
"""Share of the hidden tests that pass, 0 to 1."""


def read(folder: Path) -> Imported:
    """The exercise as a task: its stub is the seed, its tests are hidden, its example solution stays out.

    Raises BadTarget.
    """
    files = read_tree(folder)
    for name, what in ((CONFIG, "which files are the stub and the tests"), (DOCS[1], "the statement")):
        if name not in files:
            raise BadTarget(folder / name, "", f"is missing: it says {what}", "is this an exercise's own folder?")
    config = _config(folder, files)
    solution, tests = (_named(folder, files, config, role) for role in ("solution", "test"))
    shown = {name: files[name] for name in config.get("editor", []) if name in files}
    ids = [test for name in tests for test in unittest_ids(folder / name, text_of(folder, files, name), name)]
    if not ids:
        raise BadTarget(folder / tests[0], "", "has no test that is known", "only classes of Python's unittest are")
    statement = "\n\n".join(text_of(folder, files, name).strip() for name in DOCS if name in files)
    return Imported(
        source="exercism",
        script="hidden_tests",
        title=f"{folder.resolve().name} (imported)",
        description=statement,
        context={"statement.md": statement} if len(statement) > KEPT_DESCRIPTION else {},
        seed={**{name: files[name] for name in solution}, **shown},
        editable=tuple(solution),
        protected=tuple(tests),
        metric=METRIC,
        task={name: files[name] for name in tests},
        facts={"tests": tests, "fail_to_pass": ids, "pass_to_pass": []},
        low=0.0,
        high=1.0,
        min_effect=round(0.5 / len(ids), 6),
        needs=tuple(needs({name: files[name] for name in (*tests, *solution)}, ("numpy",))),
    )


def unittest_ids(path: Path, text: str, name: str) -> list[str]:
    """`module.Class.method` of every test of a file, found without running it. Raises BadTarget."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise BadTarget(path, "", f"is not Python: {error}", "only tests in Python are known") from error
    module = name.removesuffix(".py").replace("/", ".")
    return [
        f"{module}.{kind.name}.{method.name}"
        for kind in body
        if isinstance(kind, ast.ClassDef) and any(ast.unparse(base).endswith("TestCase") for base in kind.bases)
        for method in kind.body
        if isinstance(method, ast.FunctionDef) and method.name.startswith("test")
    ]


def _config(folder: Path, files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        found = json.loads(text_of(folder, files, CONFIG))["files"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadTarget(folder / CONFIG, "files", "is missing or not JSON", "see another exercise's") from error
    if not isinstance(found, dict):
        raise BadTarget(folder / CONFIG, "files", "is no table", "see another exercise's")
    return found


def _named(folder: Path, files: Mapping[str, bytes], config: Mapping[str, Any], role: str) -> list[str]:
    names = config.get(role)
    if not isinstance(names, list) or not names:
        raise BadTarget(folder / CONFIG, f"files.{role}", "names no file", "list at least one")
    for name in names:
        if name not in files:
            raise BadTarget(folder / str(name), "", f"is missing: {CONFIG} names it as files.{role}", "put it there")
    return [str(name) for name in names]
