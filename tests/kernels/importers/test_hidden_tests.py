"""Tasks with hidden tests: what of them a proposer can see, how they are scored, and what is said of unsound ones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kernels.importers import exercism, swebench
from kernels.importers.task import write_target
from kernels.target import BadTarget
from sandbox.judging import CandidateFault
from tests.kernels.importers.conftest import Measure
from tests.kernels.importers.shapes import EXERCISM, INSTANCE, SWEBENCH, plant

RIGHT = ("(days // 7, 0)", "(days // 7, days % 7)")


def instance(folder: Path, files: Mapping[str, str] = SWEBENCH, **fields: Any) -> Path:
    """A task in SWE-bench's shape; a field that is None is left out."""
    row = {name: value for name, value in {**INSTANCE, **fields}.items() if value is not None}
    plant(folder / "repo", files)
    return plant(folder, {"instance.json": json.dumps(row)})


def history(folder: Path) -> str:
    """Make the repository one of three commits, with a remote and settings that run programs; id of the middle one."""
    repo = folder / "repo"
    git = ["git", "-C", str(repo), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    ids = []
    for text in ("past", "now", "tomorrow"):
        plant(repo, {"when.txt": text, f"{text}.txt": text, ".gitattributes": "* filter=planted\n"})
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-qm", text], check=True)
        ids.append(subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True).stdout.decode().strip())
        (repo / f"{text}.txt").unlink()
    for name, value in {
        "filter.planted.smudge": f"touch {folder}/ran",
        "core.fsmonitor": f"touch {folder}/ran",
        "remote.origin.url": f"ext::sh -c touch% {folder}/ran",
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
    }.items():
        subprocess.run([*git, "config", name, value], check=True)
    return ids[1]


def test_an_exercise_shows_its_stub_and_statement_only(tmp_path: Path) -> None:
    target = write_target(tmp_path, "spans", exercism.read(plant(tmp_path / "task", EXERCISM)))
    assert {path.name: path.read_text() for path in target.seed_folder.rglob("*")} == {"spans.py": EXERCISM["spans.py"]}
    assert "Split a number of days" in target.file.description
    assert (target.integrity, target.tree.editable, target.tree.protected) == (
        "cohabiting",
        ("spans.py",),
        ("spans_test.py",),
    )
    assert not any(b"days // 7" in data for data in target.judge_files().values()), "no example solution"
    facts = json.loads((target.folder / "imported/task.json").read_text())
    assert facts["fail_to_pass"][1] == "spans_test.SpansTest.test_a_week"
    assert len(facts["fail_to_pass"]) == 4


def test_an_exercise_is_scored_by_the_share_of_tests_that_pass(measure: Measure, tmp_path: Path) -> None:
    found = exercism.read(plant(tmp_path / "task", EXERCISM))
    for pair in measure(found, {"spans.py": ("pass", "return (days // 7, days % 7)")}):
        assert (pair.parent, pair.child) == (0.0, 0.75), "a skipped test is not one that passes"


@pytest.mark.parametrize("trick", ["import os\nos._exit(0)\n", "import sys\nsys.exit(0)\n", "raise SystemExit\n"])
def test_ending_early_passes_nothing(measure: Measure, tmp_path: Path, trick: str) -> None:
    found = exercism.read(plant(tmp_path / "task", EXERCISM))
    for pair in measure(found, {"spans.py": ("def spans", f"{trick}def spans")}):
        assert pair.child == 0.0


def test_the_statement_of_a_long_exercise_is_whole_in_its_context(tmp_path: Path) -> None:
    long = "# Instructions\n\n" + "Words. " * 900 + "The end."
    found = exercism.read(plant(tmp_path / "task", {**EXERCISM, ".docs/instructions.md": long}))
    target = write_target(tmp_path, "spans", found)
    assert target.context()["statement.md"].endswith("The end.")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (".meta/config.json", None, "config.json: is missing: it says which files"),
        (".meta/config.json", "{}", "config.json: files: is missing or not JSON"),
        (".meta/config.json", '{"files": {"solution": [], "test": ["t"]}}', "files.solution: names no file"),
        (".docs/instructions.md", None, "instructions.md: is missing: it says the statement"),
        ("spans.py", None, "spans.py: is missing: .meta/config.json names it as files.solution"),
        ("spans_test.py", "def test_x(): pass\n", "has no test that is known; only classes of Python's unittest"),
        ("spans_test.py", "int main() {", "is not Python"),
    ],
)
def test_an_exercise_without_a_part_is_said(tmp_path: Path, name: str, text: str | None, told: str) -> None:
    files = {key: value for key, value in {**EXERCISM, name: text}.items() if value is not None}
    with pytest.raises(BadTarget) as caught:
        exercism.read(plant(tmp_path / "task", files))
    assert told in str(caught.value)


def test_an_instance_shows_one_commit_and_nothing_later(tmp_path: Path) -> None:
    folder = instance(tmp_path / "task")
    commit = history(folder)
    target = write_target(tmp_path, "weeks", swebench.read(instance(tmp_path / "task", base_commit=commit)))
    seed = {path.relative_to(target.seed_folder).as_posix(): path for path in target.seed_folder.rglob("*")}
    files = {name for name, path in seed.items() if path.is_file()}
    assert files == {*SWEBENCH, "when.txt", "now.txt", ".gitattributes"}
    assert seed["when.txt"].read_text() == "now"
    assert "test_left" not in seed["tests/test_spans.py"].read_text(), "the hidden tests are not in the tree"
    everything = b"".join(path.read_bytes() for path in target.folder.rglob("*") if path.is_file())
    assert b"not-to-be-copied" not in everything and b"tomorrow" not in everything and b"ext::" not in everything
    assert not (folder / "ran").exists(), "nothing that the repository names was run"
    assert target.tree.protected == ("tests/test_spans.py",)


def test_an_instance_is_scored_by_its_hidden_tests(measure: Measure, tmp_path: Path) -> None:
    found = swebench.read(instance(tmp_path / "task"))
    assert found.needs == ("pytest",)
    for pair in measure(found, {"weeks/__init__.py": RIGHT}):
        assert (pair.parent, pair.child) == (0.0, 1.0)


def test_a_candidates_own_version_of_the_tests_does_not_count(measure: Measure, tmp_path: Path) -> None:
    found = swebench.read(instance(tmp_path / "task"))
    kind = "\ndef test_left():\n    pass\n"
    for pair in measure(found, {"tests/test_spans.py": ("\ndef test_none", f"{kind}\ndef test_none")}):
        assert pair.child == 0.0, "the host's are laid over its"


def test_breaking_what_worked_is_wrong(measure: Measure, tmp_path: Path) -> None:
    found = swebench.read(instance(tmp_path / "task"))
    with pytest.raises(CandidateFault, match="1 of 1 tests that passed before do not pass any more"):
        measure(found, {"weeks/__init__.py": ("(days // 7, 0)", "(1, 3)")})


def test_ids_of_unittest_come_in_two_spellings(tmp_path: Path) -> None:
    wanted = ["test_left (tests.test_spans.Spans)", "tests.test_spans.Spans.test_left"]
    found = swebench.read(instance(tmp_path / "task", FAIL_TO_PASS=wanted, PASS_TO_PASS=None))
    assert found.facts["fail_to_pass"] == [wanted[1], wanted[1]] and found.needs == ()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"problem_statement": None}, "problem_statement: is missing"),
        ({"test_patch": None}, "test_patch: is missing"),
        ({"test_patch": "diff --git a/../x b/../x\n--- a/../x\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n"}, "does not apply"),
        ({"test_patch": INSTANCE["test_patch"].replace("spans(0)", "gone(0)")}, "does not apply"),  # type: ignore[attr-defined]
        ({"FAIL_TO_PASS": "[not json"}, "FAIL_TO_PASS: is no list of ids"),
        ({"FAIL_TO_PASS": "[]"}, "FAIL_TO_PASS: names no test"),
    ],
)
def test_an_instance_without_a_part_is_said(tmp_path: Path, fields: dict[str, Any], told: str) -> None:
    with pytest.raises(BadTarget) as caught:
        swebench.read(instance(tmp_path / "task", **fields))
    assert told in str(caught.value)


def test_a_repository_needs_the_commit(tmp_path: Path) -> None:
    folder = instance(tmp_path / "task")
    with pytest.raises(BadTarget, match="repo: is missing; put the repository there"):
        swebench.read(plant(tmp_path / "bare", {"instance.json": json.dumps(INSTANCE)}))
    history(folder)
    for commit, told in ((None, "base_commit: is missing"), ("--help", "is no commit"), ("f" * 40, "holds the commit")):
        with pytest.raises(BadTarget) as caught:
            swebench.read(instance(tmp_path / "task", base_commit=commit))
        assert told in str(caught.value)
