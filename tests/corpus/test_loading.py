"""A directory that is no case is refused with what is wrong; verdicts are compared as `meta.yaml` says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.corpus.case import load

GOOD = {
    "id": "H01",
    "title": "t",
    "class": "c",
    "source": "s",
    "expect": ["killed:", "failed:wrong"],
    "target": "sweep",
}


def plant(folder: Path, name: str = "H01-a-case", **changes: object) -> Path:
    case = folder / name
    (case / "files").mkdir(parents=True)
    (case / "meta.yaml").write_text(yaml.safe_dump({**GOOD, **changes}))
    return case


def test_a_class_stands_for_all_its_verdicts_and_a_verdict_for_itself(tmp_path: Path) -> None:
    case = load(plant(tmp_path))
    assert case.form == "edit" and case.hostile
    assert case.right("killed:pids") and case.right("failed:wrong")
    assert not case.right("failed:wrongly") and not case.right("accepted")


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("H02-a-case", {}, "does not start with"),
        ("H01-a-case", {"expects": []}, "expects"),
        ("H01-a-case", {"expect": []}, "expect"),
        ("H01-a-case", {"id": "X1"}, "id"),
        ("H01-a-case", {"needs": "gpu"}, "needs a GPU"),
    ],
)
def test_mistakes_are_named(name: str, changes: dict[str, object], told: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=told):
        load(plant(tmp_path, name, **changes))
