"""Builders shared by the tests of the container side."""

from __future__ import annotations

from typing import Any

from sandbox import docker_options
from sandbox.fake import inspection
from sandbox.spec import ContainerSpec

IMAGE = "sha256:" + "0" * 64
LABELS = {"ratchet.test": "S"}


def spec(**changes: Any) -> ContainerSpec:
    """A plain runner, with `changes`."""
    fields: dict[str, Any] = {
        "role": "run",
        "name": "plain",
        "image": IMAGE,
        "command": ("true",),
        "labels": LABELS,
    }
    return ContainerSpec(**{**fields, **changes})


def inspected(of: ContainerSpec) -> dict[str, Any]:
    """What an obedient engine says of it before its start."""
    labels = docker_options.labels(of, instance="test", owner="somebody", deadline=1e9)
    return inspection(docker_options.create_body(of, labels), "1" * 64)
