"""`ratchet target import`: what it prints, and that faults are said in a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon.cli.conftest import Ratchet
from tests.kernels.importers.shapes import EXERCISM, KERNELBENCH, OPENEVOLVE, REPO, SHINKA, plant
from tests.kernels.importers.test_hidden_tests import instance


@pytest.fixture
def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "targets"
    folder.mkdir()
    monkeypatch.setenv("RATCHET_TARGETS", str(folder))
    return folder


def test_each_format_makes_a_target_that_check_finds_sound(ratchet: Ratchet, targets: Path, tmp_path: Path) -> None:
    problem = plant(tmp_path / "k", {"scale.py": KERNELBENCH}) / "scale.py"
    scope = ["--metric-command", "python3 bench.py", "--metric", "steps", "--editable", "src/**", "--minimise"]
    for name, words in {
        "goals": ["openevolve", str(plant(tmp_path / "goals", OPENEVOLVE))],
        "near": ["shinka", str(plant(tmp_path / "task", SHINKA)), "--name", "near"],
        "scale": ["kernelbench", str(problem)],
        "spans": ["exercism", str(plant(tmp_path / "spans", EXERCISM))],
        "weeks": ["swebench-style", str(instance(tmp_path / "weeks")), "--editable", "weeks/**"],
        "adder": ["repo", str(plant(tmp_path / "adder", REPO)), *scope],
    }.items():
        said = ratchet("target", "import", *words, "--json")
        assert (said.code, said.err) == (0, "")
        assert said.document["name"] == name
        assert said.document["integrity"] == "cohabiting"
        assert ratchet("target", "check", name, "--quick").code == 0
        # The standard image has neither torch nor pytest, as the import says; there the seed fails, and nothing starts.
        attacked = ratchet("target", "check", name)
        assert attacked.code == (name in ("scale", "weeks")), attacked.out
        assert ("seed fails its own judge" in attacked.out) == bool(attacked.code), attacked.out
    assert ratchet("target", "list", "--json").document["count"] == 6


def test_people_are_told_what_to_do_next(ratchet: Ratchet, targets: Path, tmp_path: Path) -> None:
    problem = plant(tmp_path / "k", {"scale.py": KERNELBENCH}) / "scale.py"
    said = ratchet("target", "import", "kernelbench", str(problem))
    assert "lacks torch" in said.out
    assert "ratchet campaign start scale" in said.out
    again = ratchet("target", "import", "kernelbench", str(problem))
    assert again.code == 2
    assert "is there already; choose another with --name" in again.err
    assert ratchet("target", "import", "openevolve", str(tmp_path)).code == 2
