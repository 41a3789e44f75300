"""A real backend for each test: its own instance, and nothing left behind."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.docker_backend import DockerBackend
from sandbox.images.version import tag


@pytest.fixture(scope="session")
def sandbox_image() -> str:
    """Id of the image that this checkout's recipe makes."""
    backend = DockerBackend(instance="image-id", allowed_roots=[])
    try:
        return backend.image_id(tag())
    finally:
        backend.close()


@pytest.fixture
def docker_backend(tmp_path: Path) -> Iterator[DockerBackend]:
    """A backend whose mounts lie below the test's folder; what a test leaves running is removed."""
    backend = DockerBackend(instance=f"test-{uuid.uuid4().hex[:12]}", allowed_roots=[tmp_path])
    try:
        yield backend
    finally:
        backend.settle()
        backend.reap(keep=())
        backend.close()
