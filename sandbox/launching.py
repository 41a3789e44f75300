"""Containers of the launcher: the build without a device, the run with one, and the care between two leases. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.devices import Device, Grant
from sandbox.spec import ContainerSpec, Limits, Mount

MIB = 1024 * 1024
CARE_LIMITS = Limits(memory_bytes=4096 * MIB, pids=128, nofile=1024, wall_seconds=240.0)
"""Drivers map much of a device's memory, and start threads of their own."""
ARTEFACT = "/io/out/artefact"
DRIVER = "/driver"

Programs = tuple[Path, Path]
"""Host folders of the guest and of the launcher, placed where containers may read them."""


def program_mounts(programs: Programs) -> tuple[Mount, ...]:
    """Both programs, side by side."""
    guest, launcher = programs
    return (
        Mount(source=str(guest), target="/programs/guest"),
        Mount(source=str(launcher), target="/programs/launcher"),
    )


def library(driver: str) -> tuple[str, ...]:
    """Options that tell where the driver's library is."""
    return ("--library", f"{DRIVER}/libcuda.so.1") if driver else ()


def serve_command(grant: Grant, rows: int) -> tuple[str, ...]:
    """The launcher for one arm."""
    return (*_PYTHON, "serve", "--vendor", grant.vendor, "--rows", str(rows), *library(grant.driver))


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
        labels={"ratchet.gpu": device.name, "ratchet.gpu.token": str(token)},
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


_PYTHON = ("python3", "-I", "-B", "/programs/launcher/__main__.py")
