"""What we need of a container engine, narrow enough to fake: one method per call, our errors only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict


class NameTaken(Exception):
    """A container with this name exists."""


class Gone(Exception):
    """There is no such container (any more)."""


class Sample(NamedTuple):
    """What a container has used so far."""

    pids: int
    cpu_seconds: float
    forks_refused: int = 0
    """How often the pids limit refused a new task; 0 where the engine cannot tell."""
    oom_kills: int = 0
    """How many tasks the kernel killed for memory; 0 where the engine cannot tell."""


class Found(NamedTuple):
    """A container on the engine's list."""

    id: str
    labels: Mapping[str, str]


class EngineFacts(BaseModel):
    """What `doctor` shows about the engine."""

    model_config = ConfigDict(frozen=True)

    endpoint: str
    version: str
    api_version: str
    cgroup_version: str
    cpus: int
    memory_bytes: int
    runtimes: tuple[str, ...]
    security_options: tuple[str, ...]
    """As the engine names them, for example `name=seccomp,profile=default`, `name=rootless`, `name=userns`."""
    swap_limit: bool
    data_root: str
    warnings: tuple[str, ...]
    storage: str = ""
    """Storage driver and the file system below it, for example `overlay2 on extfs`."""
    runc: str = ""
    """Version of the runtime, as its packager names it."""


class Stream(Protocol):
    """A container's output on the wire."""

    def read(self, seconds: float) -> bytes | None:
        """The next bytes; None when none came in time; empty at the end."""

    def close(self) -> None: ...


class Engine(Protocol):
    """Every method raises InfrastructureError when the engine fails, Gone when the container does not exist."""

    def facts(self) -> EngineFacts: ...

    def image_id(self, name: str) -> str: ...

    def create(self, name: str, body: Mapping[str, Any]) -> str:
        """The new container's id. Raises NameTaken."""

    def rename(self, container: str, name: str) -> None:
        """Give it another name. Raises NameTaken."""

    def inspect(self, container: str) -> dict[str, Any]: ...

    def attach(self, container: str) -> Stream:
        """Its output from here on; call it before the start."""

    def start(self, container: str) -> None: ...

    def wait(self, container: str, seconds: float) -> int | None:
        """Exit code, or None while it still runs after `seconds`."""

    def kill(self, container: str) -> None:
        """SIGKILL to every process in it; nothing when it has ended."""

    def sample(self, container: str) -> Sample | None:
        """None when it has ended or the engine cannot tell."""

    def remove(self, container: str) -> None:
        """With force and its volumes; nothing when it is gone."""

    def find(self, labels: Sequence[str]) -> list[Found]:
        """All containers, ended ones too, that carry every `key=value` label."""

    def close(self) -> None: ...
