"""Every rewrite of the product is right for every size; only the one that rounds to 16 bits is meant to be caught."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from daemon.gateway.tuner.answer import offers
from daemon.gateway.tuner.c_source import drop_unused, find_product
from daemon.gateway.tuner.prompt import Task
from tests.daemon.gateway.tuner.seeds import MATMUL

SHAPES = [(1, 1, 1), (1, 97, 33), (65, 1, 129), (31, 64, 1), (7, 5, 3), (17, 19, 23), (9, 300, 70), (100, 129, 67)]
ROUNDS = "half-width"


def build(text: str, folder: Path) -> Any:
    """Compile as the target does; returns the function."""
    (folder / "m.c").write_text(text)
    argv = ["gcc", "-O2", "-Wall", "-Wno-unknown-pragmas", "-shared", "-fPIC", "-o", "m.so", "m.c", "-lm"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + text
    assert "warning" not in done.stderr, done.stderr + text
    return ctypes.CDLL(str(folder / "m.so")).matmul


def is_right(function: Any) -> bool:
    """Compare with float64, with guard bands around the output."""
    draw = np.random.default_rng(1)
    for n, k, m in SHAPES:
        a, b = (draw.uniform(-1, 1, shape).astype(np.float32) for shape in ((n, k), (k, m)))
        c = np.full(n * m + 64, np.float32("nan"))
        c[:32] = c[-32:] = 12345.0
        pointer = c[32:].ctypes.data_as(ctypes.c_void_p)
        function(a.ctypes.data_as(ctypes.c_void_p), b.ctypes.data_as(ctypes.c_void_p), pointer, n, m, k)
        allowed = 4 * np.sqrt(k) * 2.0**-24 * np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=0))
        error = np.abs(c[32:-32].reshape(n, m) - a.astype(np.float64) @ b.astype(np.float64))
        if not (error <= allowed).all() or (c[:32] != 12345.0).any() or (c[-32:] != 12345.0).any():
            return False
    return True


def walk(seed: int, steps: int) -> list[tuple[str, str]]:
    """A path of moves from the seed file: each of another recipe than the last, so that forms meet each other."""
    rng, text, last, path = Random(seed), MATMUL, "", []
    for _ in range(steps):
        moves = [
            move
            for _, move in offers(Task({"matmul.c": text}), rng)
            if move.recipe not in (last, ROUNDS) and (move.recipe != "tunable" or rng.random() < 0.3)
        ]
        move = rng.choice(moves)
        text, last = move.text, move.recipe
        path.append((move.recipe, text))
    return path


@pytest.mark.parametrize("seed", range(8))
def test_rewrites_meet_each_other_and_stay_right(seed: int, tmp_path: Path) -> None:
    for number, (recipe, text) in enumerate(walk(seed, 4)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert is_right(build(text, folder)), (recipe, text)


def test_the_walks_meet_every_recipe() -> None:
    met = {recipe for seed in range(300) for recipe, _ in walk(seed, 4)}
    assert met == {
        "tunable", "interchange", "split-sums", "unroll", "several-rows", "skip-zeros", "restrict", "optimise",
        "clones", "register-tile", "overlap-edges", "pack-panel", "transpose", "prefetch",
    }  # fmt: skip


def test_sixteen_bits_are_not_enough(tmp_path: Path) -> None:
    rng = Random(0)
    rows = next(m.text for _, m in offers(Task({"matmul.c": MATMUL}), rng) if m.recipe == "interchange")
    half = next(m.text for _, m in offers(Task({"matmul.c": rows}), rng) if m.recipe == ROUNDS)
    assert not is_right(build(half, tmp_path))


def test_a_rewrite_leaves_nothing_unused() -> None:
    tiled = next(m.text for _, m in offers(Task({"matmul.c": MATMUL}), Random(0)) if m.recipe == "register-tile")
    assert "ROW_TILE" not in tiled
    assert "least(" not in tiled
    assert drop_unused(tiled) == tiled
    assert tiled.startswith("/* Dense single-precision product")


@pytest.mark.parametrize("text", ["", "void f(int x) {}", MATMUL[:-3], MATMUL.replace("const ", "")])
def test_other_functions_are_left_alone(text: str) -> None:
    assert find_product(text) is None
