"""What an import makes of a folder, and what it says of one that it cannot use."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kernels.importers import kernelbench, openevolve, repo, shinka
from kernels.importers.reading import FILES_LIMIT, foreign, needs
from kernels.importers.scripts.ratchet_common import outside_blocks, read_metrics
from kernels.importers.task import Imported, name_of, target_files, write_target
from kernels.target import BadTarget, load_target
from kernels.target_model import TargetFile
from tests.kernels.importers.shapes import KERNELBENCH, OPENEVOLVE, PROGRAM, REPO, SHINKA, plant

POLICIES = Path(__file__).resolve().parents[3] / "policies"


def test_an_openevolve_task_becomes_a_target(tmp_path: Path) -> None:
    found = openevolve.read(plant(tmp_path / "goals", OPENEVOLVE))
    target = write_target(tmp_path, "near-goals", found)
    assert load_target(target.folder).facts().integrity == "cohabiting"
    assert target.tree.editable == ("initial_program.py",)
    assert target.file.description.startswith('\nCome closer to the goals. Say "less" \\ more.\nOnly lines between'[1:])
    assert target.resources.call_seconds == pytest.approx(20 / 0.9 + 1, abs=0.1)
    assert json.loads((target.folder / "imported/task.json").read_text()) == {
        "program": "initial_program.py",
        "evaluator": "evaluator.py",
        "metric": "combined_score",
        "original": "original",
        "cascade": True,
        "thresholds": [0.5],
    }
    kept = {path.relative_to(target.folder).as_posix() for path in target.folder.rglob("*") if path.is_file()}
    assert {"imported/task/evaluator.py", "imported/task/goals.txt", "seed/initial_program.py"} <= kept
    assert not any("config" in name or "pyc" in name for name in kept)
    assert not any(b"not-to-be-copied" in (target.folder / name).read_bytes() for name in kept)
    assert found.needs == ()


def test_shinka_kernelbench_and_a_repository_too(tmp_path: Path) -> None:
    problem = plant(tmp_path / "problems", {"7_Scale.py": KERNELBENCH}) / "7_Scale.py"
    tree = plant(tmp_path / "adder", REPO)
    made = {
        "nearer": shinka.read(plant(tmp_path / "near", SHINKA)),
        name_of(problem): kernelbench.read(problem),
        "adder-task": repo.read(
            tree, command="python3 bench.py", metric="steps", editable=["src/**"], direction="minimise"
        ),
    }
    targets = {name: write_target(tmp_path, name, found) for name, found in made.items()}
    assert sorted(targets) == ["adder-task", "nearer", "task-7_scale"]
    assert targets["task-7_scale"].kind == "kernel"
    assert "class ModelNew(nn.Module)" in (targets["task-7_scale"].seed_folder / "model_new.py").read_text()
    assert made["task-7_scale"].needs == ("torch",)
    assert "lacks torch:" in (targets["task-7_scale"].folder / "target.toml").read_text()
    assert targets["adder-task"].metric.direction == "minimise"
    assert not (targets["adder-task"].seed_folder / ".git").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"initial_program.py": None}, "is missing: the program to improve"),
        ({"initial_program.rs": ""}, "several of the program to improve: initial_program.py, initial_program.rs"),
        ({"evaluator.py": None}, "is missing: the function evaluate"),
        ({"evaluator.py": "combined_score = 1"}, "evaluate: is missing; define evaluate(program_path)"),
        ({"evaluator.py": "def evaluate(p): return {'x': 1}"}, "combined_score: is not among its metrics; say which"),
        ({"evaluator.py": "def evaluate(:"}, "is not Python"),
        ({"config.yaml": "a: [1"}, "is not YAML"),
        ({"config.yaml": "- 1"}, "is not a table of settings"),
        ({"config.yaml": "evaluator: {timeout: soon}"}, "evaluator.timeout: is 'soon'; give a number"),
        ({"config.yaml": "evaluator: {cascade_thresholds: [low]}"}, "evaluator.cascade_thresholds"),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, change: dict[str, str | None], told: str) -> None:
    files = {name: text for name, text in {**OPENEVOLVE, **change}.items() if text is not None}
    with pytest.raises(BadTarget) as caught:
        openevolve.read(plant(tmp_path / "task", files))
    assert told in str(caught.value)


def test_files_that_are_not_called_as_usual_are_named_or_told_of(tmp_path: Path) -> None:
    files = {
        **OPENEVOLVE,
        "config_phase_1.yaml": OPENEVOLVE["config.yaml"],
        "begin.py": OPENEVOLVE["initial_program.py"],
    }
    del files["config.yaml"], files["initial_program.py"]
    files["config_phase_2.yaml"] = "evaluator: {timeout: 5}\n"
    folder = plant(tmp_path / "goals", files)
    with pytest.raises(BadTarget, match=r"initial_program\.py is missing|initial_program\.py: is missing"):
        openevolve.read(folder)
    found = openevolve.read(folder, program="begin.py")
    assert found.editable == ("begin.py",) and found.seconds == 20
    assert found.warnings == ["The settings are those of config_phase_1.yaml; for others: --config FILE."]
    other = openevolve.read(folder, program="begin.py", config="config_phase_2.yaml")
    assert (other.seconds, other.warnings) == (5, [])
    with pytest.raises(BadTarget, match=r"config_phase_1\.yaml, config_phase_2\.yaml"):
        openevolve.read(folder, program="begin.py", config="nowhere.yaml")


def test_a_prompt_is_improved_like_a_program(tmp_path: Path) -> None:
    files = {**OPENEVOLVE, "initial_prompt.txt": "Think of {goal}.\n"}
    del files["initial_program.py"]
    found = openevolve.read(plant(tmp_path / "words", files))
    assert found.editable == ("initial_prompt.txt",) and "EVOLVE-BLOCK" not in found.description


def test_what_the_image_lacks_is_told_with_the_command_that_mends_it(tmp_path: Path) -> None:
    files = {**OPENEVOLVE, "evaluator.py": "import sklearn.svm, scipy\n" + OPENEVOLVE["evaluator.py"]}
    found = openevolve.read(plant(tmp_path / "goals", files))
    assert found.warnings == [
        "The standard image lacks scipy, sklearn: candidates fail until it has them.",
        'For an image that has: make image WITH="scipy scikit-learn"',
    ]


def test_only_what_the_evaluator_reaches_is_needed() -> None:
    files = {
        "evaluator.py": b"import numpy\nfrom tools.load import rows\ntry:\n    import jax\nfinally:\n    pass",
        "tools/load.py": b"import scipy.stats\n\ndef draw():\n    import matplotlib.pyplot",
        "initial_program.py": b"import math",
        "compare_runs.py": b"import openai",
    }
    first, told = foreign(files, ("evaluator.py", "initial_program.py"), ("numpy",))
    assert first == ("scipy",)
    assert told == ["Only inside functions or `try`, which may do without: jax, matplotlib."]


def test_a_container_may_live_as_long_as_policy_lets_it(tmp_path: Path) -> None:
    slow = {**OPENEVOLVE, "config.yaml": "evaluator: {timeout: 600}\n"}
    target = write_target(tmp_path, "slow", openevolve.read(plant(tmp_path / "source", slow)))
    ceilings = yaml.safe_load((POLICIES / "ratchet" / "sandbox" / "data.yaml").read_text())
    assert target.session_seconds() <= ceilings["roles"]["run"]["limits"]["wall_seconds"]


def test_other_parts_of_the_framework_are_not_offered(tmp_path: Path) -> None:
    asking = {**SHINKA, "evaluate.py": SHINKA["evaluate.py"] + "\nfrom shinka.llm import LLMClient\n"}
    assert shinka.read(plant(tmp_path / "near", asking)).warnings == [
        "evaluate.py uses shinka.llm, which is not offered here."
    ]


def test_other_faults_are_told(tmp_path: Path) -> None:
    near = plant(tmp_path / "near", {**SHINKA, "evaluate.py": "combined_score = program_path = 1"})
    with pytest.raises(BadTarget, match="results_dir: is not an argument"):
        shinka.read(near)
    with pytest.raises(BadTarget, match="get_init_inputs: is missing"):
        kernelbench.read(plant(tmp_path, {"p.py": KERNELBENCH.replace("get_init_inputs", "get")}) / "p.py")
    with pytest.raises(BadTarget, match="cannot be read"):
        kernelbench.read(tmp_path / "none.py")
    tree = plant(tmp_path / "adder", REPO)
    with pytest.raises(BadTarget, match=r"matches no file; give a glob"):
        repo.read(tree, command="python3 bench.py", metric="steps", editable=["lib/*"])
    with pytest.raises(BadTarget, match=r"matches bench\.py, which the command runs: a candidate would rewrite"):
        repo.read(tree, command="python3 ./bench.py", metric="steps", editable=["*.py"])
    with pytest.raises(BadTarget, match="'a b' is no name"):
        repo.read(tree, command="true", metric="a b", editable=["**"])
    with pytest.raises(BadTarget, match="clone a repository first"):
        repo.read(Path("https://example.org/x.git"), command="true", metric="a", editable=["**"])


def test_links_and_floods_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    folder = plant(tmp_path / "task", OPENEVOLVE)
    (folder / "secret").symlink_to("/etc/passwd")
    with pytest.raises(BadTarget, match="is a link"):
        openevolve.read(folder)
    (folder / "secret").unlink()
    found = openevolve.read(folder)
    write_target(tmp_path, "one", found)
    for name, told in (("one", "is there already"), ("Bad Name", "use --name")):
        with pytest.raises(BadTarget, match=told):
            write_target(tmp_path, name, found)
    with pytest.raises(BadTarget, match=r"min_effect: .*greater"):
        write_target(tmp_path, "two", Imported(**{**vars(found), "min_effect": -1.0}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "task"]
    for number in range(FILES_LIMIT):
        (folder / f"f{number}").write_bytes(b"")
    with pytest.raises(BadTarget, match="more than"):
        openevolve.read(folder)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_words_make_a_sound_target_file(title: str, description: str) -> None:
    found = Imported("repo", title or "x", description, {"a": b""}, ("a",), "m")
    data = tomllib.loads(target_files("t", found)["target.toml"].decode("utf-8", "surrogatepass"))
    if title.split():
        told = TargetFile.model_validate(data)
        assert told.title == " ".join(title.split())[:190]
        assert told.description.split() == (description.strip() or title).split()


def test_lines_outside_the_blocks_are_frozen() -> None:
    assert outside_blocks(PROGRAM, PROGRAM.replace("0.5", "0.25\nMORE = 1")) == ""
    for other in (
        PROGRAM.replace("round(", "int("),
        PROGRAM + "\nimport os\n",
        PROGRAM.replace("# EVOLVE-BLOCK-END\n", ""),
        PROGRAM.replace("import math\n", ""),
        "",
    ):
        assert "EVOLVE-BLOCK" in outside_blocks(PROGRAM, other)
    assert outside_blocks("x = 1\n", "y = 2\n") == ""


def test_needs_and_metrics() -> None:
    files = {
        "a.py": b"import os, numpy as np, scipy.stats\nfrom b import x\nfrom . import c",
        "b.py": b"def (",
        "c.txt": b"",
    }
    assert needs(files, ["numpy"]) == ["scipy"]
    text = "METRIC a=1\nMETRIC a = 2.5\n METRIC b=1\nMETRIC c=x\nMETRIC d=nan\nMETRIC d-e=1"
    assert {name: repr(value) for name, value in read_metrics(text).items()} == {"a": "2.5", "d": "nan"}
