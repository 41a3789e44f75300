"""The evaluation as it is usual in the field: judge, clock, answers and candidate in one process.

The control of the corpus: what it believes shows that the attacks bite. Nothing here is guarded: inputs are the same in
each call and at the same place; only the last answer is compared, with the seed's, and wrong where it differs by more
than a hundredth; the clock is its own; the last line of standard output is the result. Runs inside a throw-away
container. Usage: usual.py TARGET_FOLDER SEED_FOLDER CANDIDATE_FOLDER
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

CALLS = 8
TOLERANCE = 1e-2


def module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = found
    spec.loader.exec_module(found)
    return found


def loaded(build: dict[str, Any], folder: Path) -> Callable[[list[Any], list[Any]], list[Any]]:
    """What calls the candidate: arguments and output arrays to answers."""
    if build["language"] == "python":
        sys.path.insert(0, str(folder))
        function = getattr(module(folder / build["file"]), build["symbol"])
        return lambda arguments, outputs: [function(*arguments)]
    out = folder / "out"
    out.mkdir()
    subprocess.run([word.replace("{out}", str(out)) for word in build["argv"]], cwd=folder, check=True)
    symbol = getattr(ctypes.CDLL(str(out / build["file"])), build["symbol"])

    def call(arguments: list[Any], outputs: list[Any]) -> list[Any]:
        left = iter(outputs)
        given = [next(left) if isinstance(one, str) else one for one in arguments]
        symbol(*[one.ctypes.data_as(ctypes.c_void_p) if isinstance(one, np.ndarray) else int(one) for one in given])
        return outputs

    return call


def main() -> None:
    """Print the result as one line of JSON: whether all answers were right, and the value (seconds, or a score)."""
    target, seed, folder = (Path(word).resolve() for word in sys.argv[1:4])
    settings = tomllib.loads((target / "target.toml").read_text())
    judge, reference = module(target / "evaluator.py"), loaded(settings["build"], seed)
    call = loaded(settings["build"], folder)
    rng, right, values = np.random.default_rng(0), True, []
    for case in judge.cases("visible", rng):
        arguments = judge.arguments(case, rng)
        shapes = judge.outputs(case)
        expected = [np.array(one) for one in reference(arguments, [np.empty(shape, kind) for shape, kind in shapes])]
        outputs = [np.empty(shape, kind) for shape, kind in shapes]
        call(arguments, outputs)
        started = time.perf_counter()
        for _ in range(CALLS):
            answers = call(arguments, outputs)
        taken = (time.perf_counter() - started) / CALLS
        kept = [np.asarray(one, dtype=kind) for one, (_, kind) in zip(answers, shapes, strict=True)]
        scored = settings["metric"]["kind"] == "score"
        differ = (np.abs(one - other).max() > TOLERANCE for one, other in zip(kept, expected, strict=True))
        right = right and not (judge.check(case, arguments, kept, None) if scored else any(differ))
        if case["timed"]:
            values.append(judge.score(case, arguments, kept) if scored else taken)
    print(json.dumps({"right": right, "value": sum(values)}))


if __name__ == "__main__":
    main()
