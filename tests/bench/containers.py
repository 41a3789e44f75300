"""`make bench`: what a container costs from asking to its end, and what hostile ones cost the daemon in memory."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sandbox.docker_backend import DockerBackend
from sandbox.images.version import tag
from sandbox.spec import MIB, ContainerSpec, Limits

EMPTY = 100
MEDIAN_SECONDS, LATE_SECONDS = 0.6, 1.5
"""What promise A18 allows in the median, and for all but one in twenty."""
BOMBS = {
    "10 GiB of output": ("sh", "-c", "head -c 10737418240 /dev/zero"),
    "memory without end": ("python3", "-c", "held = []\nwhile True: held.append(bytearray(1 << 20))"),
}


class Overhead(NamedTuple):
    """Of containers that do nothing, in seconds."""

    median: float
    late: float
    """95 of 100 take less."""

    @property
    def kept(self) -> bool:
        """Whether promise A18 holds."""
        return self.median <= MEDIAN_SECONDS and self.late <= LATE_SECONDS


def overhead(seconds: Sequence[float]) -> Overhead:
    """From the seconds of each. Raises statistics.StatisticsError for fewer than two."""
    return Overhead(statistics.median(seconds), statistics.quantiles(seconds, n=20, method="inclusive")[-1])


def _spec(image: str, name: str, *command: str) -> ContainerSpec:
    limits = Limits(memory_bytes=128 * MIB, wall_seconds=30)
    return ContainerSpec(role="run", name=name, image=image, command=command, limits=limits)


def empty(backend: DockerBackend, image: str) -> list[float]:
    """Seconds of each empty container: created, its profile asserted, started, ended."""
    taken = []
    for number in range(EMPTY):
        began = time.perf_counter()
        backend.run(_spec(image, f"empty-{number}", "true"))
        taken.append(time.perf_counter() - began)
    return taken


def growth(backend: DockerBackend, image: str, name: str, command: Sequence[str]) -> float:
    """MiB by which this process' resident peak grows while it watches the container."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here on
    before = _peak()
    backend.run(_spec(image, name, *command))
    return (_peak() - before) / MIB


def _peak() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ratchet-containers-") as scratch:
        backend = DockerBackend(instance=f"bench-{os.urandom(4).hex()}", allowed_roots=[Path(scratch)])
        try:
            image = backend.image_id(tag())
            backend.run(_spec(image, "first", "true"))
            found = overhead(empty(backend, image))
            grown = {what: growth(backend, image, f"bomb-{i}", argv) for i, (what, argv) in enumerate(BOMBS.items())}
        finally:
            backend.settle()
            backend.reap(keep=())
            backend.close()
    print(f"\n{EMPTY} empty containers, load {os.getloadavg()[0]:.1f}: median {found.median:.3f} s, ", end="")
    said = "kept" if found.kept else "not kept"
    print(f"95 of 100 within {found.late:.3f} s; A18 ({MEDIAN_SECONDS} s and {LATE_SECONDS} s) is {said}")
    for what, mib in grown.items():
        print(f"the daemon's memory while a container makes {what}: {mib:+.1f} MiB")


if __name__ == "__main__":
    main()
