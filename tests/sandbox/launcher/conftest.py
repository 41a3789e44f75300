"""A target for the fake driver, and the driver itself, compiled once for each vendor."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.launcher.selfcheck import check

HERE = Path(__file__).parent

EVALUATOR = """
import numpy as np

def cases(suite, rng):
    return [{"name": f"r{rows}", "rows": rows, "columns": 8, "batch": 3} for rows in (1, 5, 64)]

def arguments(case, rng):
    b, r, c = case["batch"], case["rows"], case["columns"]
    x, w = rng.random((b, r, c), dtype=np.float32), rng.random((b, c), dtype=np.float32)
    return [x, w, "out", r, c]

def outputs(case):
    return [((case["batch"], case["rows"], case["columns"]), "float32")]

def reference(case, arguments):
    return arguments[0] * arguments[1][:, None, :]

def check(case, arguments, outputs, expected):
    wrong = ~(np.abs(outputs[0] - expected) <= 1e-6)
    return f"{wrong.sum()} elements are wrong" if wrong.any() else None
"""
TARGET = """
[metric]
kind = "time"
[build]
language = "device"
argv = ["sh", "-c", "printf '\\\\177ELF%s' \\"$(cat kernel.txt)\\" > {out}/kernel.bin"]
file = "kernel.bin"
symbol = "rows_kernel"
[device]
arch = "none"
rows = 3
[resources]
call_seconds = 1.0
[judge]
resolution_us = 0.5
"""


@pytest.fixture(scope="session")
def driver_library(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Path of the stand-in for a vendor's library."""
    folder = tmp_path_factory.mktemp("driver")

    def library(vendor: str) -> str:
        path = folder / f"{vendor}.so"
        if not path.exists():
            flags = ["-DAS_HIP"] if vendor == "rocm" else []
            command = ["gcc", "-O1", "-shared", "-fPIC", *flags, "-o", str(path), str(HERE / "fake_driver.c"), "-lm"]
            subprocess.run(command, check=True)
        return str(path)

    return library


@pytest.fixture
def launched(driver_library: Callable[[str], str], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Put a kernel of the stand-in through compile, launcher and judge."""

    def run(kernel: str, vendor: str = "cuda", plan: str = '{"threads": 64, "rows": 1}') -> dict[str, Any]:
        target, tree = tmp_path / "target", tmp_path / "tree"
        for folder in (target, tree):
            folder.mkdir()
        (target / "evaluator.py").write_text(EVALUATOR)
        (target / "target.toml").write_text(TARGET)
        (tree / "kernel.txt").write_text(kernel)
        (tree / "launch.json").write_text(plan)
        return check(target, tree, vendor=vendor, library=driver_library(vendor), pairs=3)

    return run
