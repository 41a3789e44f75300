"""The README's example target works as it is written there, from text to measured pairs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from sandbox.judging import Judge
from tests.sandbox.judge.conftest import CHECKOUT, judges, plant

__all__ = ["judges"]

SCAN = """
void scan(const float *x, float *y, int n)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += x[i];
        y[i] = (float)sum;
    }
}
"""


def test_the_example_evaluator_judges(judges: Callable[..., Judge], tmp_path: Path) -> None:
    text = (CHECKOUT / "kernels" / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    folder = plant(tmp_path / "scan", {"evaluator.py": example})
    build = ("gcc", "-O2", "-shared", "-fPIC", "-o", "{out}/libcandidate.so", "scan.c")
    judge = judges("matmul", folder=str(folder), build=build, symbol="scan")
    arms = {arm: plant(tmp_path / arm, {"scan.c": SCAN}) for arm in ("child", "parent")}
    with judge.session("readme", os.urandom(32), arms) as session:
        session.build("child")
        assert session.check("child", "visible") == 5
        assert session.check("child", "sealed") == 5
        assert len(session.pairs(2, "visible")) == 2
