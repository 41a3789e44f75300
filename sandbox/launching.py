"""Containers of the launcher: the build without a device, the run with one, and the care between two leases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.backend import Backend, Running
from sandbox.devices import Device, Grant
from sandbox.spec import ContainerSpec, Limits, Mount
from workflows.ports import InfrastructureError

MIB = 1024 * 1024
CARE_LIMITS = Limits(memory_bytes=4096 * MIB, pids=128, nofile=1024, wall_seconds=240.0)
"""Drivers map much of a device's memory, and start threads of their own."""
GPU, GPU_TOKEN = "ratchet.gpu", "ratchet.gpu.token"
"""Labels of every container on a device: which one, and under which token of its lease."""
ARTEFACT = "/io/out/artefact"
LAUNCHER = "/programs/launcher"
DRIVER = "/driver"

Programs = tuple[Path, Path]
"""Host folders of the guest and of the launcher, placed where containers may read them."""


@dataclass(frozen=True)
class Launch:
    """What both arms of a session on a GPU have in common; the folders of the arms hold objects, not source."""

    grant: Grant
    image: str
    programs: Programs
    rows: int
    """Index of the argument that counts rows."""


def program_mounts(programs: Programs) -> tuple[Mount, ...]:
    """Both programs, side by side."""
    guest, launcher = programs
    return (
        Mount(source=str(guest), target="/programs/guest"),
        Mount(source=str(launcher), target=LAUNCHER),
    )


def library(driver: str) -> tuple[str, ...]:
    """Options that tell where the driver's library is."""
    return ("--library", f"{DRIVER}/libcuda.so.1") if driver else ()


def serve_command(grant: Grant, rows: int) -> tuple[str, ...]:
    """The launcher for one arm."""
    return (*_PYTHON, "serve", "--vendor", grant.vendor, "--rows", str(rows), *library(grant.driver))


def launch_under(backend: Backend, spec: ContainerSpec, launch: Launch) -> Running:
    """Start the launcher in place of the guest, on the leased GPU. Raises InfrastructureError when the lease is over.

    The second look is for a holder that slept between the first one and the start: the launcher waits for the judge,
    which asks nothing before this returns.
    """
    grant = launch.grant
    grant.check()
    kept = tuple(mount for mount in spec.mounts if mount.target != "/guest")
    running = backend.launch(
        spec.model_copy(
            update={
                "image": launch.image,
                "command": serve_command(grant, launch.rows),
                "mounts": (*kept, *program_mounts(launch.programs), *driver_mounts(grant.driver)),
                "env": {**spec.env, **grant.environment},
                "devices": grant.devices,
                "labels": {**spec.labels, **grant.labels},
            }
        )
    )
    try:
        grant.check()
    except InfrastructureError:
        running.remove()
        raise
    return running


def driver_mounts(driver: str) -> tuple[Mount, ...]:
    """The host's driver library, where the image has none."""
    return (Mount(source=driver, target=DRIVER),) if driver else ()


def care_spec(image: str, device: Device, token: int, programs: Programs, poison: int, driver: str) -> ContainerSpec:
    """The container that probes and poisons a device under the care's own token."""
    return ContainerSpec(
        role="run",
        name=f"gpu-care-{device.name}-{token}",
        image=image,
        command=(*_PYTHON, "care", "--vendor", device.vendor, "--poison", f"{poison:x}", *library(driver)),
        env=device.environment(),
        mounts=(*program_mounts(programs), *driver_mounts(driver)),
        limits=CARE_LIMITS,
        devices=device.grant(),
        labels={GPU: device.name, GPU_TOKEN: str(token)},
    )


def build_spec(
    name: str,
    image: str,
    programs: Programs,
    candidate: Path,
    artefact: Path,
    *,
    argv: Sequence[str],
    seconds: float,
    file: str,
    limits: Limits,
    labels: Mapping[str, str],
) -> ContainerSpec:
    """The container that compiles a candidate for a device that it does not have."""
    return ContainerSpec(
        role="run",
        name=name,
        image=image,
        command=(*_PYTHON, "compile", "--seconds", f"{seconds:g}", "--file", file, "--", *argv),
        mounts=(
            *program_mounts(programs),
            Mount(source=str(candidate), target="/candidate"),
            Mount(source=str(artefact), target=ARTEFACT, read_only=False),
        ),
        limits=limits,
        labels=dict(labels),
    )


_PYTHON = ("python3", "-I", "-B", f"{LAUNCHER}/__main__.py")
