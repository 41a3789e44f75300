"""Imported evaluators: a script that runs beside the candidate, in a child process of its own for every call.

Judge and candidate share a process here, so the number that comes out is the candidate's word (targets of this kind are
`cohabiting`, and never promoted without a person). What the guest adds is order: a fresh copy of both trees for each
call, a deadline for the whole process group, and a bounded answer.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .failure import LOG_LIMIT, Failure
from .memory import Memory

ANSWER_LIMIT = 64 * 1024
"""Longest answer of a script, in bytes."""
SHARE = 0.9
"""Share of the judge's deadline that the script gets: the rest is for copying, and for telling what it had said."""


def load_evaluation(
    candidate: Path, evaluator: Path, file: str, metric: str, seconds: float, work: Path, memory: Memory
) -> Callable[[list[dict[str, Any]], list[dict[str, Any]]], None]:
    """A call that runs `<file> <tree> <answer>` and writes the named metric, a float64, to the first output.

    The script writes its answer as JSON: `{"metrics": {name: number}}`, or `{"wrong": "why"}` for a candidate that it
    finds invalid. The call's first argument, an int, is the environment's RATCHET_SEED.
    """
    if not (evaluator / file).is_file():
        raise Failure("load", f"the evaluator has no file {file}")

    def call(arguments: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
        place = work / "evaluation"
        answer = place / "answer.json"
        try:
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(candidate, place / "tree")
            shutil.copytree(evaluator, place / "evaluator")
            (place / "tmp").mkdir()
        except OSError as error:
            raise Failure("exception", f"the trees cannot be copied to {work}: {error}"[:500]) from error
        _run(
            [sys.executable, "-B", str(place / "evaluator" / file), str(place / "tree"), str(answer)],
            seconds,
            place,
            str(arguments[0]["value"]),
        )
        value = _metric(answer, metric, place / "log")
        struct.pack_into("@d", memory.outputs, outputs[0]["at"], value)

    return call


def _run(argv: list[str], seconds: float, place: Path, seed: str) -> None:
    """Run the script; whatever it leaves running in its process group ends with it."""
    path = place / "log"
    with path.open("wb") as log:
        child = subprocess.Popen(
            argv,
            cwd=place / "evaluator",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "LC_ALL": "C.UTF-8",
                "HOME": str(place),
                "TMPDIR": str(place / "tmp"),
                "PYTHONDONTWRITEBYTECODE": "1",
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
                "RATCHET_SEED": seed,
            },
        )
        try:
            code = child.wait(seconds * SHARE)
        except subprocess.TimeoutExpired as error:
            raise Failure("timeout", f"the evaluation took longer than {seconds * SHARE:g} s", _tail(path)) from error
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if code != 0:
        how = f"died of signal {-code}" if code < 0 else f"ended with code {code}"
        raise Failure("exception", f"the evaluation {how}:\n{_tail(path)[-2500:]}", _tail(path))


def _metric(answer: Path, metric: str, log: Path) -> float:
    try:
        with answer.open("rb") as file:
            data = file.read(ANSWER_LIMIT + 1)
    except OSError as error:
        raise Failure("bad-output", f"the evaluation left no answer: {error.strerror}", _tail(log)) from error
    if len(data) > ANSWER_LIMIT:
        raise Failure("bad-output", f"the evaluation's answer is longer than {ANSWER_LIMIT} bytes")
    try:
        found = json.loads(data)
        if "wrong" in found:
            raise Failure("wrong", str(found["wrong"]), _tail(log))
        metrics = dict(found["metrics"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Failure("bad-output", f"the evaluation's answer is not as agreed: {error!r}"[:300]) from error
    if metric not in metrics:
        names = ", ".join(sorted(map(str, metrics))[:30]) or "none"
        raise Failure("bad-output", f"the evaluation has no metric {metric!r}; it has: {names}"[:1000], _tail(log))
    value = metrics[metric]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Failure("bad-output", f"metric {metric} is {type(value).__name__}, not a number")
    try:
        return float(value)
    except OverflowError as error:
        raise Failure("bad-output", f"metric {metric} is too large a number") from error


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - LOG_LIMIT // 2))
        return file.read().decode("utf-8", "replace")
