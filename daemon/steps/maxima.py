"""What a step may take at most: reserved before it starts."""

from __future__ import annotations

from typing import Any

from kernels.target import Target
from sandbox.spec import Limits
from workflows.models import Account

PROPOSE = Limits(wall_seconds=300.0, cpus=1.0, memory_bytes=512 * 1024 * 1024)
"""Limits of an agent's container."""


def bounds(limits: Limits = PROPOSE, runtime: str = "runc") -> dict[str, Any]:
    """What a container may use and how it is run, for the record."""
    return {"limits": limits.model_dump(), "runtime": runtime}


BUILD_CPUS, BUILD_MARGIN_SECONDS = 1.0, 15.0
"""Of a container that compiles for a GPU: processors, and life beyond the build's own deadline."""


def propose_maximum() -> dict[Account, int]:
    """Container time of one proposal; money and tokens are reserved call by call by the gateway."""
    wall = round(PROPOSE.wall_seconds * 1000)
    return {"wall_ms": wall, "cpu_ms": round(wall * PROPOSE.cpus)}


def measuring_maximum(target: Target) -> dict[Account, int]:
    """Container time of one judging session: two arms for the whole of it."""
    session = round(target.session_seconds() * 1000)
    wall, cpu = session, round(session * target.resources.cpus)
    if target.device is None:
        return {"wall_ms": wall, "cpu_ms": cpu}
    # Both arms are compiled in containers of their own before.
    builds = round(2 * (target.build.seconds + BUILD_MARGIN_SECONDS) * 1000)
    return {"wall_ms": wall + builds, "cpu_ms": cpu + round(builds * BUILD_CPUS), "gpu_ms": session}


def candidate_maximum(target: Target) -> dict[Account, int]:
    """Container time that must be left for one more candidate to start: that of its longest step."""
    propose, measure = propose_maximum(), measuring_maximum(target)
    return {account: max(propose.get(account, 0), measure[account]) for account in measure}
