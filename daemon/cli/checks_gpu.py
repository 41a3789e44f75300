"""`ratchet doctor gpu`: a host's GPUs step by step, from the kernel's driver to the lease, each with its remedy."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.cli.checks import Finding, Grade
from daemon.cli.checks_gpu_host import passing

if TYPE_CHECKING:
    from daemon.settings import Settings
    from sandbox.devices import Device

VISIBLE = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")


def examine(of: Settings) -> list[Finding]:
    """Every step, also those behind one that fails: each says what it saw."""
    root = of.host_root
    steps: list[Iterable[Finding]] = [drivers(root), nodes(root), devices(root), visible(), runtime(of), policy(of)]
    return [finding for step in [*steps, passing(of), leases(of)] for finding in step]


def drivers(root: Path) -> Iterator[Finding]:
    """Is a kernel module there?"""
    from sandbox.devices import KFD_NODES, NVIDIA_GPUS

    amd, nvidia = (root / "sys/module/amdgpu").is_dir(), (root / "proc/driver/nvidia").is_dir()
    if not amd and not nvidia:
        remedy = "modprobe amdgpu, or install NVIDIA's driver; only targets for a GPU need one"
        yield Finding("driver", "warn", "neither amdgpu nor nvidia is loaded", remedy)
    if amd and not (root / KFD_NODES).is_dir():
        yield Finding("driver", "fail", "amdgpu without compute (no KFD topology)", "use a kernel with CONFIG_HSA_AMD")
    elif amd:
        yield Finding("driver", "ok", f"amdgpu {_line(root / 'sys/module/amdgpu/version')}, with compute")
    if nvidia and not (root / NVIDIA_GPUS).is_dir():
        yield Finding("driver", "fail", "nvidia without a GPU", "see dmesg for what the driver says of it")
    elif nvidia:
        yield Finding("driver", "ok", _line(root / "proc/driver/nvidia/version"))


def _line(path: Path) -> str:
    """The first line of one of the kernel's files, for a person."""
    try:
        return path.read_text("utf-8", "replace").splitlines()[0][:120]
    except (OSError, IndexError):
        return "(version unknown)"


def nodes(root: Path) -> Iterator[Finding]:
    """Are the device nodes there, and can a process that is not root be let in?"""
    from sandbox.devices import KFD, NVIDIA_CONTROL, node_at

    renders = sorted(path.name for path in (root / "dev/dri").glob("renderD*")) if (root / "dev/dri").is_dir() else []
    cards = sorted(path.name for path in (root / "dev").glob("nvidia[0-9]*"))
    wanted = [KFD, *(f"/dev/dri/{name}" for name in renders)] if node_at(root, KFD) else []
    wanted += [*(f"/dev/{name}" for name in cards), *NVIDIA_CONTROL] if cards else []
    if not wanted:
        yield Finding("nodes", "warn", "neither /dev/kfd nor /dev/nvidia<N>", "as above: they come with the driver")
    for path in wanted:
        node = node_at(root, path)
        if node is None:
            remedy = "modprobe nvidia-uvm; nvidia-modprobe -u -c 0" if "nvidia" in path else "udevadm trigger"
            yield Finding("nodes", "fail", f"{path} is missing", remedy)
        elif not node.character:
            yield Finding("nodes", "fail", f"{path} is no device", f"remove it, then udevadm trigger: {path}")
        elif not node.open_to_runners:
            told = f"{path} has mode {node.mode:04o} and group {node.gid}"
            remedy = 'give it a group of its own by a udev rule: GROUP="render", MODE="0660"'
            yield Finding("permissions", "fail", f"{told}: only root can use it", remedy)
        else:
            group = "everybody" if node.group is None else f"group {node.group} (passed by number)"
            yield Finding("permissions", "ok", f"{path}: {group}")


def devices(root: Path) -> Iterator[Finding]:
    """Which GPUs can be leased?"""
    from sandbox.devices import discover

    found = discover(root)
    for device in found:
        size = f", {device.memory_bytes >> 30} GiB" if device.memory_bytes else ""
        yield Finding("device", "ok", f"{device.name}: {device.model or device.vendor}{size}, {_own(device)}")
    if not found:
        yield Finding("device", "warn", "none can be leased", "mend what fails above; then look again")


def _own(device: Device) -> str:
    return " ".join(device.grant().paths)


def visible() -> Iterator[Finding]:
    """Variables of the daemon's own environment say nothing here, which surprises people."""
    told = [f"{name}={os.environ[name]}" for name in VISIBLE if name in os.environ]
    if told:
        remedy = "unset it: containers get the leased GPU's nodes and a variable of their own"
        yield Finding("visible devices", "warn", f"{', '.join(told)} does not limit what is leased", remedy)
    else:
        yield Finding("visible devices", "ok", "no variable hides a GPU")


def runtime(of: Settings) -> Iterator[Finding]:
    """Is the driver's library where containers get it from?"""
    from daemon.gpus.parts import CUDA_LIBRARIES
    from sandbox.devices import discover
    from sandbox.docker_backend import DockerEngine
    from sandbox.images.version import LAYERS, layer_tag
    from workflows.ports import InfrastructureError

    vendors = {device.vendor for device in discover(of.host_root)}
    if "cuda" in vendors:
        places = [of.host_root / folder / "libcuda.so.1" for folder in CUDA_LIBRARIES]
        there = [path for path in places if path.is_file()]
        if there:
            yield Finding("runtime", "ok", f"{there[0]} is shown to launchers")
        else:
            yield Finding("runtime", "fail", "no libcuda.so.1 beside the driver", "install the driver's libraries")
        yield Finding(
            "runtime", "ok", "NVIDIA's container toolkit is not needed: nodes and library are passed one by one"
        )
    engine = DockerEngine(of.docker_url)
    try:
        for layer in LAYERS:
            try:
                yield Finding("image", "ok", f"{layer}: {engine.image_id(layer_tag(layer))[7:19]}")
            except InfrastructureError as error:
                grade: Grade = "fail" if layer == "hip" and "rocm" in vendors else "warn"
                yield Finding("image", grade, str(error), f"make image-{layer}, for targets that are built in it")
    finally:
        engine.close()


def policy(of: Settings) -> Iterator[Finding]:
    """Does policy allow a container to have a GPU?"""
    import yaml

    path = of.policies / "ratchet/sandbox/data.yaml"
    try:
        allowed = yaml.safe_load(path.read_text())["gpu"]["allowed"] is True
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        yield Finding("policy", "fail", f"{path} cannot be read: {error}"[:300], "ratchet policy test")
        return
    if allowed:
        yield Finding("policy", "ok", "GPUs are allowed")
    else:
        yield Finding("policy", "warn", "no container may have a GPU", f"set gpu.allowed in {path}")


def leases(of: Settings) -> Iterator[Finding]:
    """Who holds what, what rests, and what waits for a person."""
    from daemon.gpus.leases import Leases
    from daemon.gpus.shelf import DatabaseShelf
    from daemon.records.db import Database
    from workflows.ports import InfrastructureError

    if of.database.startswith("sqlite") and not (of.home / "records.db").exists() and not of.database_url:
        yield Finding("leases", "ok", "none yet")
        return
    try:
        db = Database(of.database)
    except InfrastructureError as error:
        yield Finding("leases", "fail", str(error), "ratchet doctor")
        return
    try:
        rows = Leases(DatabaseShelf(db)).all()
    finally:
        db.close()
    for row in rows:
        told = f"{row.device}: {row.state}, token {row.token}" + (f", {row.reason}" if row.reason else "")
        told += f", held by {row.holder}" if row.holder else ""
        if row.state == "drained":
            remedy = (
                f"look at the card (rocm-smi, nvidia-smi, dmesg), then: ratchet doctor return {row.device} --reason …"
            )
            yield Finding("leases", "fail", told, remedy)
        elif row.state == "resting" and row.reason not in ("new", "released"):
            yield Finding("leases", "warn", told, "it is tried again by itself; see dmesg if it stays so")
        else:
            yield Finding("leases", "ok", told)
    if not rows:
        yield Finding("leases", "ok", "none yet")
