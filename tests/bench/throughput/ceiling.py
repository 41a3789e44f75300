"""What the engine itself can do: containers of our profile created, asserted, started, ended and removed per second."""

from __future__ import annotations

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sandbox.docker_backend import DockerBackend
from sandbox.images.version import tag
from sandbox.spec import ContainerSpec, Limits

SIDE_BY_SIDE = 4


def containers_per_second(count: int) -> float:
    """Of `count` empty containers, four at a time."""
    with tempfile.TemporaryDirectory(prefix="ratchet-ceiling-") as scratch:
        backend = DockerBackend(instance=f"bench-{os.urandom(4).hex()}", allowed_roots=[Path(scratch)])
        image = backend.image_id(tag())

        def one(number: int) -> None:
            limits = Limits(memory_bytes=128 * 1024 * 1024, pids=32)
            backend.run(ContainerSpec(role="run", name=f"e{number}", image=image, command=("true",), limits=limits))

        try:
            one(0)
            began = time.monotonic()
            with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
                list(threads.map(one, range(1, count + 1)))
            backend.settle()
            return count / (time.monotonic() - began)
        finally:
            backend.reap(keep=())
            backend.close()
