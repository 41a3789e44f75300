"""A point of the self-check, the programs that points are about, and the bench that runs each program once."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sandbox.backend import Backend
from sandbox.exits import Exit
from sandbox.spec import MIB, ContainerSpec, Limits, Mount

Runtime = Literal["runc", "runsc"]


@dataclass(frozen=True)
class Program:
    """Something to run in a container of its own."""

    argv: tuple[str, ...]
    limits: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """One promise: what is looked at, and the problem in words when it does not hold (empty when it does)."""

    name: str
    title: str
    look: Callable[[Bench], str]


class Bench:
    """Runs programs on a backend for the points, each program once; the end of a run is kept.

    `folder` holds the files that programs read and write, `inside` is a folder with `inside.py`. `kernel` is the
    release of the engine's own kernel; left out, it is this machine's.
    """

    def __init__(
        self,
        backend: Backend,
        image: str,
        folder: Path,
        inside: Path,
        programs: Mapping[str, Program],
        *,
        runtime: Runtime = "runc",
        kernel: str = "",
    ) -> None:
        self.backend, self.image, self.runtime = backend, image, runtime
        self.folder, self._inside = folder, inside
        self.kernel = kernel or os.uname().release
        self._programs = programs
        self._ends: dict[str, Exit] = {}
        self._run = uuid.uuid4().hex[:8]

    def spec(self, name: str) -> ContainerSpec:
        """The container for a program: the payload at /check, a file to read and one to write at /io."""
        program = self._programs[name]
        limits = {"wall_seconds": 60.0, "memory_bytes": 128 * MIB, **program.limits}
        written = self.folder / f"{name}.out"
        if not written.exists():
            written.write_bytes(b"")
            written.chmod(0o666)
        return ContainerSpec(
            role="run",
            name=f"selfcheck-{self._run}-{name}",
            image=self.image,
            command=program.argv,
            env=dict(program.env),
            mounts=(
                Mount(source=str(self._inside), target="/check"),
                Mount(source=str(self.folder / "given"), target="/io/in"),
                Mount(source=str(written), target="/io/out", read_only=False),
            ),
            limits=Limits.model_validate(limits),
            runtime=self.runtime,
            labels={"ratchet.selfcheck": self._run},
        )

    def end(self, name: str) -> Exit:
        """How the program ended. Raises what the backend raises."""
        if name not in self._ends:
            self._ends[name] = self.backend.run(self.spec(name))
        return self._ends[name]

    def written(self, name: str) -> bytes:
        """What the program left in the one file that it may write."""
        self.end(name)
        return (self.folder / f"{name}.out").read_bytes()

    def told(self, name: str) -> dict[str, Any]:
        """The JSON that the program printed. Raises ValueError when it printed something else."""
        end = self.end(name)
        if end.code != 0:
            raise ValueError(f"{name} ended with {end.reason} {end.code}: {end.stderr[-300:].decode(errors='replace')}")
        told = json.loads(end.stdout)
        if not isinstance(told, dict):
            raise ValueError(f"{name} told no object")
        return told
