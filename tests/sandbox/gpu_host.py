"""Hosts with GPUs, made up as folders; and stand-in device nodes that a real engine really passes on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

NODES = "sys/class/kfd/kfd/topology/nodes"


def write(root: Path, path: str, text: str = "", mode: int = 0o660) -> None:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)


def add_processor(root: Path, node: int = 0) -> None:
    write(root, f"{NODES}/{node}/properties", "cpu_cores_count 16\nsimd_count 0\ndrm_render_minor 0\n")


def add_amd(root: Path, node: int, minor: int, bus: int = 0xC1, gfx: int = 90010, *, nodes: bool = True) -> None:
    """One GPU in the topology, and its nodes in /dev."""
    facts = f"simd_count 440\ngfx_target_version {gfx}\nlocation_id {bus << 8}\ndomain 0\ndrm_render_minor {minor}\n"
    write(root, f"{NODES}/{node}/properties", f"{facts}unique_id 12345678901234567890\nvendor_id 4098\n")
    write(root, f"{NODES}/{node}/mem_banks/0/properties", "heap_type 1\nsize_in_bytes 68702699520\nflags 0\n")
    if nodes:
        write(root, "/dev/kfd")
        write(root, f"/dev/dri/renderD{minor}")


def add_nvidia(root: Path, minor: int, bus: int = 0x17, *, control: bool = True) -> None:
    """One GPU known to the driver, and its nodes in /dev."""
    facts = f"Model: \t\t NVIDIA H100\nIRQ:   \t\t 1\nGPU UUID: \t GPU-0000-{minor}\nDevice Minor: \t {minor}\n"
    write(root, f"proc/driver/nvidia/gpus/0000:{bus:02x}:00.0/information", facts)
    write(root, f"/dev/nvidia{minor}", mode=0o666)
    if control:
        write(root, "/dev/nvidiactl", mode=0o666)
        write(root, "/dev/nvidia-uvm", mode=0o666)


@contextlib.contextmanager
def stand_ins(wanted: Mapping[str, tuple[int, int]], gid: int) -> Iterator[None]:
    """Real character devices under the names of GPU nodes, for a while. A node that is there already stays as it is.

    Needs root, as the engine does. One test run at a time: a name in /dev is the whole host's.
    """
    with Path("/run/lock/ratchet-stand-ins").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made: list[Path] = []
        try:
            for name, (major, minor) in wanted.items():
                path = Path(name)
                path.parent.mkdir(exist_ok=True)
                if not path.exists():
                    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(major, minor))
                    made.append(path)
                    os.chown(path, 0, gid)
                    path.chmod(0o660)
            yield
        finally:
            for path in made:
                path.unlink()
            with contextlib.suppress(OSError):
                Path("/dev/dri").rmdir()
