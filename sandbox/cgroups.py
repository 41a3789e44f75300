"""What a container has used, read from the kernel's control groups when the engine is on this host.

An engine's own statistics come once a second and hold no count of refused forks; these files cost microseconds. Both
hierarchies are read: version 1 (one folder a controller) and 2 (one folder), under either of Docker's drivers. Formats:
the kernel's Documentation/admin-guide/cgroup-v1/{cpuacct,memory,pids}.rst and cgroup-v2.rst.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from sandbox.engine import Sample

ROOT = Path("/sys/fs/cgroup")


def read(container: str, root: Path = ROOT) -> Sample | None:
    """The container's use, by its full id; None when its groups are not here (any more)."""
    for inner in (f"docker/{container}", f"system.slice/docker-{container}.scope"):
        try:
            return _version_2(f"{root}/{inner}") if _unified(str(root)) else _version_1(str(root), inner)
        except (OSError, ValueError, KeyError):
            continue
    return None


@cache
def _unified(root: str) -> bool:
    return (Path(root) / "cgroup.controllers").exists()


def _version_2(group: str) -> Sample:
    return Sample(
        pids=int(_text(f"{group}/pids.current")),
        cpu_seconds=_fields(f"{group}/cpu.stat")["usage_usec"] / 1e6,
        forks_refused=_fields(f"{group}/pids.events").get("max", 0),
        oom_kills=_fields(f"{group}/memory.events").get("oom_kill", 0),
    )


def _version_1(root: str, inner: str) -> Sample:
    return Sample(
        pids=int(_text(f"{root}/pids/{inner}/pids.current")),
        cpu_seconds=int(_text(f"{root}/cpuacct/{inner}/cpuacct.usage")) / 1e9,
        forks_refused=_fields(f"{root}/pids/{inner}/pids.events").get("max", 0),
        oom_kills=_fields(f"{root}/memory/{inner}/memory.oom_control").get("oom_kill", 0),
    )


def _fields(path: str) -> dict[str, int]:
    return {name: int(value) for name, value in (line.split() for line in _text(path).splitlines())}


def _text(path: str) -> str:
    # Some ten times in the life of each container, so without Path and without a text file's buffers.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(file, 8192).decode()
    finally:
        os.close(file)
