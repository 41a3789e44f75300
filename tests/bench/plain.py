"""The evaluation with nothing around it: build two trees, check both, time interleaved pairs. Prints seconds taken.

Runs as a bare subprocess and inside a plain `docker run`; the candidate shares this process, as it does in most
evolution frameworks. Usage: plain.py PARENT_FOLDER CHILD_FOLDER PAIRS
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SHAPES = ((224, 240, 256), (288, 224, 304), (336, 320, 240))


def build(folder: Path, out: Path) -> ctypes.CDLL:
    """The target's own build command."""
    library = out / f"{folder.name}.so"
    argv = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), "matmul.c", "-lm"]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)
    return ctypes.CDLL(str(library))


def call(library: ctypes.CDLL, rng: np.random.Generator, shape: tuple[int, int, int], *, check: bool) -> float:
    """Seconds of one product over fresh inputs."""
    n, m, k = shape
    a = rng.standard_normal((n, k), dtype=np.float32)
    b = rng.standard_normal((k, m), dtype=np.float32)
    c = np.full((n, m), np.nan, dtype=np.float32)
    pointers = [x.ctypes.data_as(ctypes.c_void_p) for x in (a, b, c)]
    started = time.perf_counter()
    library.matmul(*pointers, n, m, k)
    taken = time.perf_counter() - started
    if check and not np.allclose(c, a.astype(np.float64) @ b.astype(np.float64), atol=1e-3):
        sys.exit("wrong result")
    return taken


def main() -> None:
    parent, child, pairs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    rng = np.random.default_rng()
    with tempfile.TemporaryDirectory() as out:
        arms = [build(folder, Path(out)) for folder in (child, parent)]
        for arm in arms:
            for shape in SHAPES:
                call(arm, rng, shape, check=True)
        for turn in range(pairs):
            for arm in arms if turn % 2 else arms[::-1]:
                call(arm, rng, SHAPES[turn % len(SHAPES)], check=True)


if __name__ == "__main__":
    main()
