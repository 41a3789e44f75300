"""What the daemon tells the judge about a target, and what it gets back."""

from __future__ import annotations

import os
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.spec import Limits

MIB = 1024 * 1024


def _judge_limits() -> Limits:
    # As many CPUs as there are: a judge that reaches its share is stopped for a moment, in the middle of timing a call.
    cpus = min(16, len(os.sched_getaffinity(0)))
    return Limits(memory_bytes=1024 * MIB, cpus=cpus, wall_seconds=14 * 86400.0)


class JudgeSettings(BaseModel):
    """One target, as the judge needs it. `kernels.target.Target.judge_settings()` gives these fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str
    """Host folder with `evaluator.py`, readable by the judge's user; shown to it read-only as `/target`."""
    evaluator: str = "evaluator.py"
    """The evaluator below `folder`: a judge that serves many tasks holds one for each."""
    name: str
    metric_kind: Literal["time", "score"]
    language: Literal["c", "python", "json", "program", "evaluator", "device"]
    """`json`: Python functions called by name with plain values. `program`: a built binary with stdin and stdout.
    `evaluator`: the script `file` in `folder`/imported, which is shown to runners, measures the candidate.
    `device`: code for a GPU, loaded by the launcher (see `launching.py`)."""
    build: tuple[str, ...] = ()
    """Command of the build, run in the candidate's folder; `{out}` is the output folder. Empty: nothing to build."""
    build_seconds: float = Field(30.0, gt=0)
    file: str
    """C and programs: the binary below the output folder. Python: the file below the candidate's folder."""
    symbol: str = ""
    call_seconds: float = Field(2.0, gt=0)
    """Deadline of one call."""
    gflops: float = Field(1e6, gt=0)
    gbytes: float = Field(1e6, gt=0)
    """Roofline: GFLOP/s and GB/s that no machine in question exceeds."""
    resolution_seconds: float = Field(10e-6, ge=0)
    """What is faster cannot be timed from outside, and is not believed."""
    runtime: Literal["runc", "runsc"] = "runc"
    """Of the containers that hold candidate code; the judge's own stays with the engine's."""
    run_limits: Limits = Limits()
    judge_limits: Limits = Field(default_factory=_judge_limits)

    def rules(self) -> dict[str, Any]:
        """The part that the judge's session gets."""
        return self.model_dump(exclude={"folder", "name", "runtime", "run_limits", "judge_limits"})


class Pair(BaseModel):
    """One interleaved measurement: seconds per call for time targets, metric values for score targets."""

    model_config = ConfigDict(frozen=True)

    case: str
    parent: float
    child: float
    first: Literal["parent", "child"]


class CandidateFault(Exception):
    """An arm's candidate failed, was killed, or cheated: not an engine's fault, and final for this tree.

    `verdict` is `failed:…`, `killed:…` or `quarantined:…`; `feedback` is public, at most 4 kB; `log` is for people.
    `silent`: one call was not answered in time, which the whole session's end is not.
    """

    def __init__(self, arm: str, verdict: str, feedback: str = "", log: str = "", *, silent: bool = False) -> None:
        super().__init__(f"{arm}: {verdict}: {feedback}")
        self.arm = arm
        self.verdict = verdict
        self.feedback = feedback
        self.log = log
        self.silent = silent
