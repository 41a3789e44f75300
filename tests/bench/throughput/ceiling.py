"""What the engine itself can do: containers of our profile created, asserted, started, ended and removed per second.

Also with the empty network that the engine prepares by itself for `docker run --network none`, which ours do without.
"""

from __future__ import annotations

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sandbox import docker_options
from sandbox.docker_backend import DockerBackend
from sandbox.images.version import tag
from sandbox.spec import ContainerSpec, Limits

SIDE_BY_SIDE = 4


def containers_per_second(count: int, *, engines_network: bool = False) -> float:
    """Of `count` empty containers, four at a time."""
    if engines_network:
        ours = docker_options.create_body

        def theirs(*given: Any) -> dict[str, Any]:
            return {**ours(*given), "NetworkDisabled": False}

        with patch.object(docker_options, "create_body", theirs):
            return containers_per_second(count)
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
