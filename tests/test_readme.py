"""What the README shows works: its target loads and judges, its rule fires, its table of settings is whole."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from daemon.gateway.catalogue import Catalogue
from daemon.settings import Settings
from kernels.target import load_target
from policies.check import check_folder
from policies.offline import evaluate_offline
from policies.opa_cli import find_opa

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)


def block(language: str, at: int = 0) -> str:
    found: list[str] = [text for kind, text in BLOCKS if kind == language]
    return found[at]


@pytest.fixture
def primes(tmp_path: Path) -> Path:
    folder = tmp_path / "primes"
    (folder / "seed").mkdir(parents=True)
    (folder / "target.toml").write_text(block("toml"))
    (folder / "seed" / "primes.py").write_text(block("python", 0))
    (folder / "evaluator.py").write_text(block("python", 1))
    return folder


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_worked_target_is_sound(primes: Path) -> None:
    assert load_target(primes).name == "primes"


@pytest.mark.parametrize("suite", ["visible", "sealed"])
def test_the_worked_judge_accepts_the_seed_and_a_tuned_seed_only(primes: Path, suite: str) -> None:
    seed, judge = module(primes / "seed" / "primes.py"), module(primes / "evaluator.py")
    rng = np.random.default_rng(1)
    for case in judge.cases(suite, rng):
        arguments = judge.arguments(case, rng)
        ((shape, kind),) = judge.outputs(case)
        expected = judge.reference(case, arguments)
        for stride in (1, 2):
            setattr(seed, "STRIDE", stride)  # noqa: B010
            flags = np.array(seed.flags(*arguments), dtype=kind).reshape(shape)
            assert judge.check(case, arguments, [flags], expected) is None
        flags[0] ^= 1
        assert "wrong" in judge.check(case, arguments, [flags], expected)


@pytest.mark.opa
def test_the_worked_rule_is_fit_and_fires(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "*.md"))
    own = folder / "ratchet" / "local" / "edit"
    own.mkdir(parents=True)
    (own / "house.rego").write_text(block("rego"))
    (own / "data.yaml").write_text(block("yaml"))
    opa = find_opa()
    assert check_folder(folder, opa, style=False) == []
    change = {"op": "modify", "mode": "100644", "size": 1, "added": 1, "removed": 1, "binary": False}
    changes = [{**change, "path": name, "segments": [name]} for name in ("a.c", "b.s")]
    facts = {
        "decision_id": "d",
        "campaign": "k",
        "candidate": "k-c1",
        "target": {"name": "matmul", "kind": "kernel", "editable": ["*"], "protected": []},
        "changes": changes,
        "totals": {"files": 2, "bytes": 2, "added": 2, "removed": 2},
        "secrets": [],
        "unsafe": [],
    }
    two = evaluate_offline(folder, "edit", facts, opa=opa)
    assert [found["code"] for found in two["deny"]] == ["HOUSE-ASSEMBLER"]
    one = evaluate_offline(folder, "edit", {**facts, "changes": changes[:1]}, opa=opa)
    assert one["allow"] is True


def test_every_setting_is_in_the_table() -> None:
    named = set(re.findall(r"RATCHET_([A-Z_]+)", TEXT))
    assert {name.upper() for name in Settings.model_fields} <= named


def test_links_and_paths_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^):]+)\)", TEXT)
    paths = re.findall(r"^\| `([\w./-]+)`", TEXT, re.MULTILINE)
    assert links and paths
    for name in links + [path for path in paths if not path.startswith("RATCHET_")]:
        assert (ROOT / name).exists() or name.startswith("kernels/"), name


def test_the_table_of_a_local_model_is_one_that_settings_take() -> None:
    entries = tomllib.loads(block("toml", 1))["models"]
    found = Catalogue.model_validate({"models": entries}).find("openai/local")
    assert found is not None and found.price is not None and found.api_base


def test_make_targets_that_are_told_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for name in set(re.findall(r"`?make ([a-z]+)`?\b", TEXT)) - {"and"}:
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), name


def test_nothing_lies_at_the_top_that_does_not_belong_there() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    rooms = {"daemon", "policies", "sandbox", "workflows", "kernels", "tests", "ops", ".ci"}
    files = {"pyproject.toml", "README.md", "SPECIFICATION.md", "Makefile", ".gitignore"}
    files |= {"requirements.lock", "requirements-dev.lock"}
    assert {path.partition("/")[0] for path in listed.split("\0") if path} == rooms | files
