"""Every task: the tree fails, the reference passes, cheap tricks fail; faulty tasks say what is wrong with them."""

from __future__ import annotations

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kernels.bench_agent.evaluator import complaint
from kernels.bench_agent.suite import BadTask, Task, counts, load_suite, load_task
from tests.kernels.bench_agent.answers import answers

SUITE = load_suite()
TASKS = {task.id: task for task in SUITE}

PYTHON_TRICKS = {
    "none": "def __getattr__(name):\n    return lambda *args: None\n",
    "zero": "def __getattr__(name):\n    return lambda *args: 0\n",
    "true": "def __getattr__(name):\n    return lambda *args: True\n",
    "empty": "def __getattr__(name):\n    return lambda *args: []\n",
    "echo": "def __getattr__(name):\n    return lambda *args: args[0] if args else None\n",
    "raises": "def __getattr__(name):\n    raise ValueError\n",
    "object": "class Any_:\n    def __getattr__(self, name):\n        return lambda *args: None\n\n\n"
    "def __getattr__(name):\n    return lambda *args: Any_()\n",
    "exits": "import os\nos._exit(0)\n",
}
C_TRICKS = {
    "nothing": "int main(void) { return 0; }\n",
    "echo": "#include <stdio.h>\nint main(void) { int c; while ((c = getchar()) != EOF) putchar(c); }\n",
    "ok": '#include <stdio.h>\nint main(void) { puts("ok"); }\n',
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


def built(task: Task, folder: Path) -> Path:
    """Build as the runner would; a tree that does not build has no program and so fails."""
    argv = [word.replace("{out}", str(folder)) for word in task.build()]
    if argv:
        subprocess.run(argv, cwd=folder, capture_output=True)
    return folder


def hidden(task: Task) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((task.folder / "tests" / "cases.json").read_text())["hidden"]
    return found


def job(task: Task, root: Path) -> dict[str, Any]:
    python = task.file.language == "python"
    return {
        "language": task.file.language,
        "root": str(root),
        "file": task.file.file if python else task.program(),
        "asks": [case["ask"] for case in hidden(task)],
    }


def complaints(task: Task, texts: list[str]) -> list[str]:
    """What the judge says of each answer that it does not accept."""
    rules = task.folder / "tests" / "rules.py"
    found = [complaint(case, text.encode(), rules) for case, text in zip(hidden(task), texts, strict=True)]
    return [text for text in found if text is not None]


def test_it_is_large_and_split() -> None:
    assert len(SUITE) >= 60
    assert sum(task.file.split != "visible" for task in SUITE) >= 50
    assert {split: set(languages) for split, languages in counts(SUITE).items()} == {
        split: {"python", "c"} for split in ("visible", "validation", "sealed")
    }


def test_every_tree_fails_and_every_solution_passes(tmp_path: Path) -> None:
    places = [(task, name) for task in SUITE for name in ("tree", "solution")]
    with ThreadPoolExecutor(2) as pool:
        roots = list(
            pool.map(
                lambda place: built(place[0], write(tmp_path / place[0].id / place[1], getattr(place[0], place[1])())),
                places,
            )
        )
    told = answers([job(task, root) for (task, _), root in zip(places, roots, strict=True)])
    for (task, name), texts in zip(places, told, strict=True):
        found = complaints(task, texts)
        assert bool(found) == (name == "tree"), f"{task.id} {name}: {found[:2]}"


def test_no_trick_passes_any_task(tmp_path: Path) -> None:
    jobs, tried = [], []
    for name, text in C_TRICKS.items():
        write(tmp_path / name, {"main.c": text})
        subprocess.run(["gcc", "-o", "main", "main.c"], cwd=tmp_path / name, check=True)
    for task in SUITE:
        python = task.file.language == "python"
        for name, text in (PYTHON_TRICKS if python else C_TRICKS).items():
            root = write(tmp_path / task.id / name, {task.file.file: text}) if python else tmp_path / name
            jobs.append(job(task, root))
            tried.append((task, name))
    for (task, name), texts in zip(tried, answers(jobs), strict=True):
        assert complaints(task, texts), f"{task.id}: {name} passes"


def test_a_missing_file_is_no_way_out(tmp_path: Path) -> None:
    texts = answers([job(task, tmp_path) for task in SUITE])
    assert all(len(complaints(task, said)) == len(said) for task, said in zip(SUITE, texts, strict=True))


@pytest.mark.parametrize("task", SUITE, ids=lambda task: task.id)
def test_the_agent_is_told_nothing_hidden(task: Task) -> None:
    document = task.document()
    shown = json.dumps(document["examples"])
    for case in hidden(task):
        assert json.dumps(case["ask"]) not in shown
    assert set(document) == {
        "id", "title", "language", "statement", "editable", "file", "build", "files", "examples"
    }  # fmt: skip
    assert set(document["files"]) == set(task.tree())
    assert all(path in task.tree() for path in task.file.editable)
    changed = {path for path, text in task.solution().items() if task.tree().get(path) != text}
    assert changed
    assert changed <= set(task.file.editable)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of one task."""
    return Path(shutil.copytree(TASKS["c-brackets"].folder, tmp_path / "c-brackets"))


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        ("task.toml", 'id = "c-brackets"', 'id = "other"', "not the folder's name"),
        ("task.toml", 'split = "sealed"', 'split = "secret"', "'visible', 'validation' or 'sealed'"),
        ("task.toml", 'file = "main.c"', 'file = "gone.c"', "'gone.c' is not in the tree"),
        ("task.toml", "title =", "titel =", "title: Field required"),
        ("task.toml", 'language = "c"', 'language = "python"', "asks in the other language's way"),
        ("task.toml", 'editable = ["main.c"]', 'editable = ["../main.c"]', "not a path inside the tree"),
        ("task.toml", "id =", "id", "is not TOML"),
        ("tests/cases.json", '"expect"', '"expected"', "expected: Extra inputs"),
        ("tests/cases.json", '"expect"', '"raises": "E", "expect"', "needs exactly one of expect, raises and rule"),
        ("tests/cases.json", '"hidden"', '"more"', "hidden: Field required"),
        ("tests/cases.json", '"run 2"', '"run 1"', "two cases have the same name"),
        ("tests/cases.json", '"visible"', "visible", "is not JSON"),
    ],
)
def test_faults_are_named(folder: Path, path: str, old: str, new: str, told: str) -> None:
    text = (folder / path).read_text()
    assert old in text
    (folder / path).write_text(text.replace(old, new, 1))
    with pytest.raises(BadTask) as caught:
        load_task(folder)
    assert told in str(caught.value)
    assert str(folder) in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("path", ["task.toml", "tests/cases.json", "tree", "solution"])
def test_missing_parts_are_named(folder: Path, path: str) -> None:
    (shutil.rmtree if (folder / path).is_dir() else Path.unlink)(folder / path)
    with pytest.raises(BadTask):
        load_task(folder)


def test_the_manifest_tells_every_change_of_judge_or_tree(folder: Path) -> None:
    before = load_task(folder).manifest()
    (folder / "solution" / "main.c").write_text("changed")
    assert load_task(folder).manifest() == before
    (folder / "tree" / "more.h").write_text("")
    second = load_task(folder).manifest()
    text = (folder / "tests" / "cases.json").read_text()
    (folder / "tests" / "cases.json").write_text(text.replace('"run 1"', '"run one"'))
    assert len({before, second, load_task(folder).manifest()}) == 3
