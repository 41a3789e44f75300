"""The Triton target: what its judge lets pass, and on a machine with a GPU the whole measuring code."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernels.target import load_target

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "kernels" / "softmax_triton"


@pytest.fixture(scope="module")
def evaluator() -> Any:
    found = importlib.util.spec_from_file_location("softmax_triton_evaluator", FOLDER / "evaluator.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def in_float32(x: Any) -> Any:
    powers = np.exp2((x - x.max(axis=2, keepdims=True)) * np.float32(1.4426950408889634))
    return powers / powers.sum(axis=2, keepdims=True, dtype=np.float32)


@pytest.mark.parametrize("suite", ["visible", "sealed"])
def test_float32_is_right_and_less_is_not(evaluator: Any, suite: str) -> None:
    rng = np.random.default_rng(11)
    small = [case for case in evaluator.cases(suite, rng) if case["rows"] * case["columns"] < 1 << 21]
    assert small
    for case in small:
        arguments = evaluator.arguments(case, rng)
        expected = evaluator.reference(case, arguments)
        right = in_float32(arguments[0])
        assert right.shape == evaluator.outputs(case)[0][0]
        assert evaluator.check(case, arguments, [right], expected) is None
        half = in_float32(arguments[0]).astype(np.float16).astype(np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            bare = np.exp(arguments[0])
            unshifted = bare / bare.sum(axis=2, keepdims=True)
        for wrong in (right * 0, right * np.nan, np.full_like(right, 1 / right.shape[2])):
            if case["columns"] > 4:
                assert "elements are wrong" in evaluator.check(case, arguments, [wrong], expected)
        if right.size > 1000:
            assert "elements are wrong" in evaluator.check(case, arguments, [half], expected)
        if case["rows"] > 200:
            assert "elements are wrong" in evaluator.check(case, arguments, [unshifted], expected)


def test_its_settings_say_what_it_needs() -> None:
    target = load_target(FOLDER)
    assert target.device is not None
    assert (target.device.vendors, target.build.image) == (("cuda", "rocm"), "triton")


@pytest.mark.gpu
def test_the_measuring_code_on_a_real_device() -> None:
    pytest.importorskip("triton")
    if not Path("/proc/driver/nvidia/gpus").is_dir():
        pytest.skip("there is no NVIDIA GPU")
    query = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    arch = subprocess.run(query, capture_output=True, text=True, check=True).stdout.split()[0].replace(".", "")
    command = [sys.executable, "-m", "sandbox.launcher.selfcheck", str(FOLDER), "--vendor", "cuda", "--arch", arch]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    told = json.loads(done.stdout)
    assert told["cases"] > 10 and len(told["pairs"]) == 8
