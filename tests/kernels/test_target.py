"""A faulty target names its file, its field and the remedy; a sound one tells what the house needs to know."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernels.target import BadTarget, list_targets, load_target
from kernels.target_model import Metric

KERNELS = Path(__file__).resolve().parents[2] / "kernels"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the matmul target."""
    return Path(shutil.copytree(KERNELS / "matmul", tmp_path / "matmul"))


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "target.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_shipped_ones_are_sound() -> None:
    assert [target.name for target in list_targets(KERNELS)] == [
        "genome",
        "matmul",
        "packing",
        "rmsnorm_hip",
        "softmax_triton",
    ]
    kinds = {target.name: (target.kind, target.metric.kind) for target in list_targets(KERNELS)}
    assert kinds == {
        "genome": ("genome", "score"),
        "matmul": ("kernel", "time"),
        "packing": ("program", "score"),
        "rmsnorm_hip": ("kernel", "time"),
        "softmax_triton": ("kernel", "time"),
    }


def test_five_times_its_parent_is_beyond_belief_unless_the_target_says_otherwise() -> None:
    said = {"name": "s", "kind": "time", "direction": "minimise", "min_effect": 0.02}
    assert Metric.model_validate(said).max_gain == 5.0
    assert load_target(KERNELS / "matmul").metric.max_gain > 5.0


@pytest.mark.parametrize(
    ("old", "new", "field", "told"),
    [
        ('name = "matmul"', "", "name", "is missing; add it"),
        ('name = "matmul"', 'name = "other"', "name", "is not the folder's name; give both the same"),
        ('name = "matmul"', "name = 3", "name", "valid string"),
        ("call_seconds", "cal_seconds", "resources.cal_seconds", "not a known field; check its spelling"),
        ("call_seconds = 2.0", 'call_seconds = "soon"', "resources.call_seconds", "valid number"),
        ("call_seconds = 2.0", "call_seconds = -1", "resources.call_seconds", "greater than 0"),
        ("pids = 64", "pids = 100000", "resources.pids", "less than or equal to 256"),
        ('kind = "time"', 'kind = "speed"', "metric.kind", "'time' or 'score'"),
        ('direction = "minimise"', 'direction = "maximise"', "metric", "time is minimised"),
        ('"matmul.c", "*.h"', '"../evaluator.py"', "tree.editable.0", "not a path inside the tree"),
        ('["matmul.c", "*.h"]', "[]", "tree.editable", "at least 1 item"),
        ("{out}", "out", "build", "needs a build command with {out}"),
        ('symbol = "matmul"', 'symbol = "a b"', "build.symbol", "match pattern"),
        ("[tree]", "[tree", "", "is not TOML"),
    ],
)
def test_faults_are_named(folder: Path, old: str, new: str, field: str, told: str) -> None:
    change(folder, old, new)
    with pytest.raises(BadTarget) as caught:
        load_target(folder)
    assert caught.value.field == field
    assert told in str(caught.value)
    assert str(folder / "target.toml") in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("path", "told"), [("target.toml", "no such file"), ("evaluator.py", "is missing"), ("seed", "is missing")]
)
def test_missing_parts_are_named(folder: Path, path: str, told: str) -> None:
    (shutil.rmtree if (folder / path).is_dir() else Path.unlink)(folder / path)
    with pytest.raises(BadTarget, match=told) as caught:
        load_target(folder)
    assert caught.value.file == folder / path


def test_an_empty_seed_and_odd_bytes_are_told(folder: Path) -> None:
    (folder / "seed" / "matmul.c").unlink()
    with pytest.raises(BadTarget, match="holds no files"):
        load_target(folder)
    (folder / "target.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadTarget, match="not UTF-8"):
        load_target(folder)


@given(text=st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_target_or_a_bad_one(folder: Path, text: str) -> None:
    (folder / "target.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(BadTarget):
        load_target(folder)


def test_faulty_ones_are_left_out_of_the_list(folder: Path) -> None:
    shutil.copytree(KERNELS / "packing", folder.parent / "packing")
    change(folder, "[tree]", "[tree")
    assert [target.name for target in list_targets(folder.parent)] == ["packing"]


def test_the_manifest_covers_everything_but_the_seed(folder: Path) -> None:
    target = load_target(folder)
    before = target.manifest()
    (folder / "seed" / "matmul.c").write_text("changed")
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / "evaluator.pyc").write_bytes(b"cache")
    assert target.manifest() == before
    assert set(target.judge_files()) == {"target.toml", "evaluator.py"}
    for name in ("evaluator.py", "target.toml", "data.bin"):
        with (folder / name).open("ab") as file:
            file.write(b"#")
        assert target.manifest() != before
        before = target.manifest()


def test_names_and_contents_do_not_run_together(folder: Path) -> None:
    target = load_target(folder)
    (folder / "ab").write_bytes(b"c")
    first = target.manifest()
    (folder / "ab").unlink()
    (folder / "a").write_bytes(b"bc")
    assert target.manifest() != first


def test_what_others_are_told(folder: Path) -> None:
    target = load_target(folder)
    facts = target.facts()
    assert (facts.name, facts.kind, facts.metric_kind, facts.manifest) == (
        "matmul",
        "kernel",
        "time",
        target.manifest(),
    )
    assert set(target.public()) == {"name", "title", "description", "metric", "direction", "editable"}
    assert 0.0198 < target.min_effect() < 0.02
    assert target.judge_settings(folder)["run_limits"]["memory_bytes"] == 256 * 1024 * 1024


def produced_by(folder: Path, *names: str) -> None:
    listed = ", ".join(f'"{name}"' for name in names)
    change(folder, 'kind = "time"', f'kind = "time"\nproducers = [{listed}]')


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            ("evaluator.py", "seed/matmul.c"),
            "'seed/matmul.c' is in tree.editable: a candidate would make its own score",
        ),
        (("evaluator.py", "seed/none.py"), "'seed/none.py' is not there"),
        (("seed/matmul.c",), "leaves out evaluator.py"),
        ((), "at least 1 item"),
        (("evaluator.py", "../packing/evaluator.py"), "not a path inside the tree"),
    ],
)
def test_a_signal_made_where_a_candidate_may_edit_is_refused(folder: Path, names: tuple[str, ...], told: str) -> None:
    produced_by(folder, *names)
    with pytest.raises(BadTarget) as caught:
        load_target(folder)
    assert told in str(caught.value)


def test_a_signal_of_the_seed_tree_stands_while_it_is_out_of_reach(folder: Path) -> None:
    (folder / "seed" / "bench.py").write_text("print('METRIC x=1')\n")
    produced_by(folder, "evaluator.py", "seed/bench.py")
    assert load_target(folder).metric.producers == ("evaluator.py", "seed/bench.py")
    change(folder, 'editable = ["matmul.c", "*.h"]', 'editable = ["**"]')
    with pytest.raises(BadTarget, match="would make its own score"):
        load_target(folder)
    change(folder, 'editable = ["**"]', 'editable = ["**"]\nprotected = ["bench.py"]')
    assert load_target(folder).metric.producers


def test_the_agents_score_is_made_by_its_suite(tmp_path: Path) -> None:
    for name in ("genome", "bench_agent"):
        shutil.copytree(KERNELS / name, tmp_path / name)
    assert load_target(tmp_path / "genome").metric.producers == ("evaluator.py",)
    change(tmp_path / "genome", 'kind = "score"', 'kind = "score"\nproducers = ["../genome/log.py"]')
    with pytest.raises(BadTarget, match="not a path inside the tree"):
        load_target(tmp_path / "genome")
    change(tmp_path / "genome", '"../genome/log.py"', '"agent.log"')
    with pytest.raises(BadTarget, match="no file of the agent makes its score"):
        load_target(tmp_path / "genome")
