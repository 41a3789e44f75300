"""GPUs of a host, read from /sys, /proc and /dev below a root path; and what a container needs to use exactly one.

AMD: the topology in /sys/class/kfd says which render node belongs to which GPU; a container gets `/dev/kfd` and that
node. NVIDIA: a container gets `/dev/nvidia<N>` and the two control nodes. The engine's device control group is the
wall: the kernel asks it for each GPU. The variables about visible devices only save a runtime some searching.
"""

from __future__ import annotations

import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sandbox.spec import Devices

Vendor = Literal["rocm", "cuda"]

KFD = "/dev/kfd"
KFD_NODES = "sys/class/kfd/kfd/topology/nodes"
NVIDIA_GPUS = "proc/driver/nvidia/gpus"
NVIDIA_CONTROL = ("/dev/nvidiactl", "/dev/nvidia-uvm")


@dataclass(frozen=True)
class Node:
    """A device node: its path, and who may open it."""

    path: str
    gid: int
    mode: int
    """Permission bits."""
    character: bool
    """Whether it is a character device, as a GPU's nodes are."""

    @property
    def group(self) -> int | None:
        """The numeric group that opens it for reading and writing; None when everybody may, or no group can."""
        everybody = self.mode & 0o006 == 0o006
        return None if everybody or self.gid == 0 or self.mode & 0o060 != 0o060 else self.gid

    @property
    def open_to_runners(self) -> bool:
        """Whether a process that is not root can be let in, by a group or as anybody."""
        return self.mode & 0o006 == 0o006 or self.group is not None


@dataclass(frozen=True)
class Device:
    """One GPU (or partition of one) that can be leased."""

    name: str
    """`<vendor>-<PCI address>`, and `-p<K>` for the K-th partition: stays the same when render nodes are renumbered."""
    vendor: Vendor
    nodes: tuple[Node, ...]
    """Everything that a container needs, the GPU's own node first."""
    model: str = ""
    arch: str = ""
    """AMD: the compiler's name of the architecture, such as `gfx90a`."""
    uuid: str = ""
    memory_bytes: int = 0
    """0 when the host does not say."""

    def grant(self) -> Devices:
        """What goes into a container's spec: exactly these nodes, and their numeric groups."""
        groups = sorted({node.group for node in self.nodes if node.group is not None})
        return Devices(paths=tuple(sorted(node.path for node in self.nodes)), groups=tuple(groups))

    def environment(self) -> dict[str, str]:
        """Which GPU a runtime should look at: a convenience, since it can reach no other."""
        if self.vendor == "rocm":
            return {"ROCR_VISIBLE_DEVICES": "0", "HIP_VISIBLE_DEVICES": "0"}
        return {"CUDA_VISIBLE_DEVICES": self.uuid or "0"}


@dataclass(frozen=True)
class Grant:
    """A leased GPU, as the one who starts containers on it is told."""

    vendor: Vendor
    devices: Devices
    environment: dict[str, str]
    labels: dict[str, str]
    """Name the device and the lease's token, so that what an old holder left can be found."""
    driver: str
    """Host folder with the driver's library, to be mounted; empty where the image has it."""
    check: Callable[[], None]
    """Raises InfrastructureError when the lease is over. To be called before and after each start."""


def discover(root: Path = Path("/")) -> list[Device]:
    """The GPUs of the host at `root`, by name. What is incomplete (no driver, a node missing) is left out."""
    return sorted([*_amd(root), *_nvidia(root)], key=lambda device: device.name)


def node_at(root: Path, path: str) -> Node | None:
    """The node with this absolute path on the host at `root`, if it is there."""
    try:
        found = (root / path.lstrip("/")).stat()
    except OSError:
        return None
    return Node(path, found.st_gid, stat.S_IMODE(found.st_mode), stat.S_ISCHR(found.st_mode))


def architecture(version: int) -> str:
    """`gfx…` from the number that the kernel gives: 90010 is gfx90a (major 9, minor 0, stepping 10)."""
    return f"gfx{version // 10000}{version // 100 % 100:x}{version % 100:x}" if version else ""


def _amd(root: Path) -> Iterator[Device]:
    kfd = node_at(root, KFD)
    if kfd is None:
        return
    seen: Counter[str] = Counter()
    for properties in sorted(_topology(root), key=lambda found: found["drm_render_minor"]):
        pci = _pci(properties["domain"], properties["location_id"])
        partition, seen[pci] = seen[pci], seen[pci] + 1
        render = node_at(root, f"/dev/dri/renderD{properties['drm_render_minor']}")
        if render is None:
            continue
        arch = architecture(properties["gfx_target_version"])
        yield Device(
            name=f"rocm-{pci}" + (f"-p{partition}" if partition else ""),
            vendor="rocm",
            nodes=(render, kfd),
            model=arch,
            arch=arch,
            uuid=f"{properties['unique_id']:x}" if properties["unique_id"] else "",
            memory_bytes=properties["memory"],
        )


def _topology(root: Path) -> Iterator[dict[str, int]]:
    """Properties of each GPU in the topology; processors are nodes as well, without compute units."""
    wanted = ("simd_count", "drm_render_minor", "domain", "location_id", "gfx_target_version", "unique_id")
    for folder in _folders(root / KFD_NODES):
        found = _numbers(folder / "properties")
        if found.get("simd_count", 0) > 0 and found.get("drm_render_minor", 0) > 0:
            banks = (_numbers(bank / "properties") for bank in _folders(folder / "mem_banks"))
            # Heap types 1 and 2 are the GPU's own memory, open to the host or not.
            memory = sum(bank.get("size_in_bytes", 0) for bank in banks if bank.get("heap_type") in (1, 2))
            yield {**{name: found.get(name, 0) for name in wanted}, "memory": memory}


def _nvidia(root: Path) -> Iterator[Device]:
    control = tuple(node_at(root, path) for path in NVIDIA_CONTROL)
    for folder in _folders(root / NVIDIA_GPUS):
        facts = _facts(folder / "information")
        minor = facts.get("Device Minor", "")
        own = node_at(root, f"/dev/nvidia{minor}") if minor.isascii() and minor.isdigit() else None
        nodes = (own, *control)
        if any(node is None for node in nodes):
            continue
        yield Device(
            name=f"cuda-{re.sub('[^0-9a-z]', '-', folder.name.lower())}",
            vendor="cuda",
            nodes=tuple(node for node in nodes if node is not None),
            model=facts.get("Model", ""),
            uuid=facts.get("GPU UUID", ""),
        )


def _pci(domain: int, location: int) -> str:
    """`0000-c1-00-0` from the kernel's packed bus, device and function."""
    return f"{domain:04x}-{location >> 8 & 0xFF:02x}-{location >> 3 & 0x1F:02x}-{location & 7:x}"


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(child for child in path.iterdir() if child.is_dir())
    except OSError:
        return []


def _numbers(path: Path) -> dict[str, int]:
    """`name number` a line."""
    try:
        pairs = (line.split() for line in path.read_text("utf-8", "replace").splitlines())
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].lstrip("-").isdecimal()}
    except OSError:
        return {}


def _facts(path: Path) -> dict[str, str]:
    """`Name: value` a line."""
    try:
        pairs = (line.partition(":") for line in path.read_text("utf-8", "replace").splitlines())
        return {name.strip(): value.strip() for name, _, value in pairs}
    except OSError:
        return {}
