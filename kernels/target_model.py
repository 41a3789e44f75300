"""The sections of a `target.toml`, field by field. Unknown fields are errors."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from workflows.models import Name


def _relative(pattern: str) -> str:
    parts = PurePosixPath(pattern).parts
    if not parts or pattern.startswith("/") or ".." in parts or "\\" in pattern:
        raise ValueError("is not a path inside the tree")
    return pattern


Pattern = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_relative)]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n]*$")]


class Section(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tree(Section):
    """`[tree]`: which files of the seed tree a candidate may touch (globs: `*` within a folder, `**` across)."""

    editable: tuple[Pattern, ...] = Field(min_length=1)
    protected: tuple[Pattern, ...] = ()


class Metric(Section):
    """`[metric]`: what is measured, and which differences count."""

    name: Line
    """As shown to people, such as `seconds per product`."""
    kind: Literal["time", "score"]
    direction: Literal["minimise", "maximise"]
    producers: tuple[Pattern, ...] = Field(("evaluator.py",), min_length=1)
    """The files that make the number, below the target's folder. One of the seed tree (`seed/…`) must be out of a
    candidate's reach: who can edit what measures him measures nothing. Of a genome: the judge of its suite, alone."""
    min_effect: float = Field(ge=0)
    """Smallest gain worth having. Time: as a share (0.02 = 2 % faster). Score: in units of the metric."""
    max_gain: float = Field(5.0, gt=1)
    """Time only: a speed-up over the parent above this factor is not believed; a person looks. Raise it, with the
    reason beside it, only where the seed leaves that much to be had in one step."""

    @model_validator(mode="after")
    def _less_time_is_better(self) -> Metric:
        if self.kind == "time" and self.direction != "minimise":
            raise ValueError("a metric of kind time is minimised")
        return self


class Build(Section):
    """`[build]`: how a tree becomes something that can be called, inside the runner."""

    language: Literal["c", "python", "json", "program", "evaluator", "device"]
    """`json`: a Python file whose functions are called by name with plain values. `program`: text in, text out.
    `evaluator`: somebody else's script in `imported/` measures the candidate, in the candidate's own container.
    `device`: code for a GPU, compiled in a container without one and run by our launcher."""
    image: Literal["base", "hip", "triton"] = "base"
    """Image of the container that builds: `hip` has Debian's HIP compiler, `triton` has Triton. Only for `device`."""
    argv: tuple[Line, ...] = ()
    """Command, run in the candidate's folder; `{out}` stands for the output folder. Empty: nothing to build. For
    `device`, `{vendor}` and `{arch}` say for which GPU, and `{launcher}` is the folder of our launcher's programs."""
    seconds: float = Field(30.0, gt=0, le=600)
    file: Pattern
    """C, program: the binary, below the output folder. Python, json: the file, below the candidate's folder."""
    symbol: str = Field("", pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")
    """The function that the judge has called; none where each request names it (json) or there is none (program)."""

    @model_validator(mode="after")
    def _builds_what_it_loads(self) -> Build:
        if self.language in ("c", "program") and not any("{out}" in word for word in self.argv):
            raise ValueError("a target in C needs a build command with {out} in it")
        if self.language in ("c", "python", "evaluator") and not self.symbol:
            raise ValueError("symbol is missing: name the function that the judge has called")
        return self


class Resources(Section):
    """`[resources]`: limits of a runner."""

    runtime: Literal["runc", "runsc"] = "runc"
    """`runsc`: candidates run in gVisor, a kernel of their own. Slower to start and to call, so better for scores."""

    cpus: float = Field(1.0, gt=0, le=256)
    memory_mb: int = Field(256, ge=64)
    pids: int = Field(64, ge=8, le=256)
    call_seconds: float = Field(2.0, gt=0, le=600)
    """Deadline of one call."""
    session_seconds: float = Field(120.0, gt=0, le=7200)
    """Lifetime of a runner: build, checks and all pairs."""


class Device(Section):
    """`[device]`: which GPUs run a target with language `device`, and what a launch covers."""

    vendors: tuple[Literal["rocm", "cuda"], ...] = Field(min_length=1)
    arch: str = Field(pattern=r"^[a-z0-9_.]{1,32}$")
    """What `{arch}` in the build's command stands for when no device says it: the compiler's name of the hardware."""
    rows: int = Field(ge=0, le=32)
    """Index of the argument that counts rows: a candidate's `launch.json` says how many of them a block takes."""


class JudgeRules(Section):
    """`[judge]`: how long to measure, and what to believe."""

    max_pairs: int = Field(40, ge=4, le=1000)
    """Pairs after which a candidate that is not proved better is given up."""
    gflops: float = Field(1e6, gt=0)
    gbytes: float = Field(1e6, gt=0)
    """Roofline: GFLOP/s and GB/s that no machine in question exceeds; see the evaluator's `work`."""
    resolution_us: float = Field(15.0, gt=0)
    """Microseconds. What is faster cannot be timed from outside the runner."""


class Search(Section):
    """`[search]`: what suits the search in this target."""

    near: float | None = Field(None, gt=0, le=1)
    """Share of equal token runs above which a tree with the same constants counts as tried already, for large trees.
    Absent: only trees that are certain to behave the same do."""
    alike: float = Field(0.95, gt=0, le=1)
    """Likeness to an earlier candidate from which on a campaign's models for `embed` and `novelty` are heard: the
    cosine of the embeddings; without such a model the share of equal token runs."""
    islands: int = Field(4, ge=1, le=64)
    """Populations that evolve apart under `strategy = "islands"`."""
    migrate_every: int = Field(20, ge=1)
    """Candidates between two migrations."""


class Suite(Section):
    """`[suite]`: the tasks by which a genome is scored."""

    folder: Name
    """Beside the target's own folder; its `tasks/` holds one folder for each task."""
    stages: tuple[Annotated[int, Field(ge=1)], ...] = (5, 12)
    """Numbers of validation tasks after which a version may be given up, ascending; the last stage is all of them."""
    transfer: int = Field(8, ge=1)
    """Validation tasks that are run with another model before a promotion."""


class TargetFile(Section):
    """The whole file."""

    name: Name
    title: Line
    description: str = Field(min_length=1, max_length=4000)
    """For the proposer: what the tree must do, what it may assume, what a call may take."""
    kind: Literal["kernel", "program", "genome"]
    """Policy decides by kind who signs a promotion."""
    integrity: Literal["isolated", "cohabiting"] = "isolated"
    """`cohabiting`: the evaluator shares a process with the candidate; never promoted without a person."""
    tree: Tree
    metric: Metric
    build: Build
    resources: Resources = Resources()
    judge: JudgeRules = JudgeRules()
    device: Device | None = None
    search: Search = Search()
    suite: Suite | None = None
    """Of a genome, and of nothing else."""

    @model_validator(mode="after")
    def _genomes_have_a_suite(self) -> TargetFile:
        if (self.kind == "genome") != (self.suite is not None):
            raise ValueError("a target of kind genome, and no other, has a section [suite]")
        return self

    @model_validator(mode="after")
    def _admits_who_measures(self) -> TargetFile:
        if (self.build.language == "device") != (self.device is not None):
            raise ValueError('language = "device" and a table [device] go together')
        if self.build.image != "base" and self.device is None:
            raise ValueError('another image than base is for language = "device"')
        if self.build.language == "evaluator" and (self.integrity != "cohabiting" or self.metric.kind != "score"):
            raise ValueError('language = "evaluator" needs integrity = "cohabiting" and a metric of kind score')
        return self
