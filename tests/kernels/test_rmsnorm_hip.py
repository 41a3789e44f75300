"""The HIP target: its seed's arithmetic on this machine's processor, and what its judge lets pass."""

from __future__ import annotations

import ctypes
import importlib.util
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernels.target import load_target

FOLDER = Path(__file__).resolve().parents[2] / "kernels" / "rmsnorm_hip"
SHIM = """
#include <math.h>
#define __global__
#define __shared__ static
struct Three { unsigned x, y, z; };
Three threadIdx = {0, 0, 0}, blockIdx = {0, 0, 0}, blockDim = {1, 1, 1};
static void __syncthreads() {}
"""


@pytest.fixture(scope="module")
def evaluator() -> Any:
    found = importlib.util.spec_from_file_location("rmsnorm_hip_evaluator", FOLDER / "evaluator.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The seed as one thread a block, which is enough for its indices and its formula."""
    folder = tmp_path_factory.mktemp("hip")
    (folder / "hip").mkdir()
    (folder / "hip/hip_runtime.h").write_text(SHIM)
    out = folder / "seed.so"
    source = FOLDER / "seed/rmsnorm.hip"
    command: list[str | Path] = ["g++", "-O1", "-shared", "-fPIC", "-x", "c++", "-I", folder, "-o", out, source]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(out))


def ran(seed: ctypes.CDLL, x: Any, w: Any) -> Any:
    rows, columns = x.shape
    y = np.full_like(x, np.nan)
    block = ctypes.c_uint.in_dll(seed, "blockIdx")
    for row in range(rows):
        block.value = row
        seed.rmsnorm(*(ctypes.c_void_p(array.ctypes.data) for array in (x, w, y)), rows, columns)
    return y


@pytest.mark.parametrize("suite", ["visible", "sealed"])
def test_the_seed_is_right_and_what_is_nearly_right_is_not(evaluator: Any, seed: ctypes.CDLL, suite: str) -> None:
    rng = np.random.default_rng(7)
    small = [case for case in evaluator.cases(suite, rng) if case["rows"] * case["columns"] < 1 << 20]
    assert small
    for case in small:
        arguments = evaluator.arguments(case, rng)
        expected = evaluator.reference(case, arguments)
        outputs = [np.stack([ran(seed, x, w) for x, w in zip(*arguments[:2], strict=True)])]
        assert outputs[0].shape == evaluator.outputs(case)[0][0]
        assert evaluator.check(case, arguments, outputs, expected) is None
        for wrong in (outputs[0].astype(np.float16).astype(np.float32), outputs[0] * 0, outputs[0] * np.nan):
            if wrong.size > 4:
                assert "elements are wrong" in evaluator.check(case, arguments, [wrong], expected)


def test_its_settings_say_what_it_needs() -> None:
    target = load_target(FOLDER)
    assert target.device is not None
    assert (target.device.vendors, target.device.arch, target.build.image) == (("rocm",), "gfx90a", "hip")
    assert target.facts().devices == ("rocm",)
