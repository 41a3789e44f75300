"""What a container has used, read from the kernel's control groups when the engine is on this host.

An engine's own statistics come once a second and hold no count of refused forks; these files cost microseconds. Both
hierarchies are read: version 1 (one folder a controller) and 2 (one folder), under either of Docker's drivers. Formats:
the kernel's Documentation/admin-guide/cgroup-v1/{cpuacct,memory,pids}.rst and cgroup-v2.rst.
"""

from __future__ import annotations

from pathlib import Path

from sandbox.engine import Sample

ROOT = Path("/sys/fs/cgroup")


def read(container: str, root: Path = ROOT) -> Sample | None:
    """The container's use, by its full id; None when its groups are not here (any more)."""
    for inner in (f"docker/{container}", f"system.slice/docker-{container}.scope"):
        try:
            if (root / "cgroup.controllers").exists():
                return _version_2(root / inner)
            return _version_1(root, inner)
        except (OSError, ValueError, KeyError):
            continue
    return None


def _version_2(group: Path) -> Sample:
    return Sample(
        pids=int((group / "pids.current").read_text()),
        cpu_seconds=_fields(group / "cpu.stat")["usage_usec"] / 1e6,
        forks_refused=_fields(group / "pids.events").get("max", 0),
        oom_kills=_fields(group / "memory.events").get("oom_kill", 0),
    )


def _version_1(root: Path, inner: str) -> Sample:
    return Sample(
        pids=int((root / "pids" / inner / "pids.current").read_text()),
        cpu_seconds=int((root / "cpuacct" / inner / "cpuacct.usage").read_text()) / 1e9,
        forks_refused=_fields(root / "pids" / inner / "pids.events").get("max", 0),
        oom_kills=_fields(root / "memory" / inner / "memory.oom_control").get("oom_kill", 0),
    )


def _fields(path: Path) -> dict[str, int]:
    return {name: int(value) for name, value in (line.split() for line in path.read_text().splitlines())}
