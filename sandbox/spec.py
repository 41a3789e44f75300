"""A container as data: role, image, command, mounts, limits and devices. What is not here cannot be asked for.

There is deliberately no field for a network, a capability, a privilege, a namespace of the host, a security option, a
restart policy or a published port: those are fixed in `docker_options.py` and asserted by `profile.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MIB = 1024 * 1024

Role = Literal["propose", "run", "judge"]
"""`propose` and `run` hold candidate code; `judge` never does."""

ContainerName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$")]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Data):
    """What one container may use. `exits.py` tells how the ends that these limits cause are told apart."""

    memory_bytes: int = Field(512 * MIB, ge=16 * MIB)
    """Memory and swap together, tmpfs contents included."""
    cpus: float = Field(1.0, gt=0, le=1024)
    """CPU time per wall time (0.5 = half a core)."""
    pids: int = Field(128, ge=4)
    """Processes and threads together, the container's init and its timer (2) included."""
    nofile: int = Field(256, ge=16)
    """Open file descriptors of each process."""
    fsize_bytes: int = Field(64 * MIB, ge=0)
    """Largest file that a process can write, bind-mounted files included."""
    wall_seconds: float = Field(60.0, gt=0)
    """Lifetime, counted from the start; the container is killed at its end, whatever runs in it."""
    output_bytes: int = Field(64 * MIB, ge=0)
    """Standard output and error together; more kills the container. Kept are 1 MiB of head and of tail per stream."""
    tmpfs: dict[str, int] = {"/tmp": 16 * MIB, "/work": 64 * MIB}  # noqa: S108
    """Writable memory file systems: mount point → bytes. `/work` may hold programs, all others are noexec."""


class Mount(_Data):
    """One host file or folder shown inside, below the backend's allowed roots."""

    source: str = Field(min_length=1)
    target: str = Field(min_length=1)
    read_only: bool = True


class Devices(_Data):
    """Exactly the device nodes of a lease: `/dev/kfd`, `/dev/dri/renderD<N>`, …; groups are numeric ids."""

    paths: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()


class ContainerSpec(_Data):
    """Everything that a caller may decide about a container."""

    role: Role
    name: ContainerName
    """Deterministic and unique for the attempt's key: the engine then holds at most one container for it."""
    image: str
    """Image id `sha256:<64 hex digits>` (see `DockerBackend.image_id`), never a tag."""
    command: tuple[str, ...] = Field(min_length=1)
    env: dict[str, str] = {}
    mounts: tuple[Mount, ...] = ()
    limits: Limits = Limits()
    user: str = "65534:65534"
    cpuset: str = Field("", pattern=r"^([0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)?$")
    """CPUs it may run on, as in `0-1,3`; empty means any."""
    runtime: Literal["runc", "runsc"] = "runc"
    devices: Devices = Devices()
    labels: dict[str, str] = {}
