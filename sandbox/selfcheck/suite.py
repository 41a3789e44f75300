"""All points over one backend and runtime."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox import payload
from sandbox.backend import Backend
from sandbox.selfcheck import contract, isolation
from sandbox.selfcheck.points import Bench, Point, Runtime

POINTS: tuple[Point, ...] = (*contract.POINTS, *isolation.POINTS)
INSIDE = Path(__file__).with_name("inside.py")


@dataclass(frozen=True)
class Result:
    """What one point showed."""

    point: str
    title: str
    problem: str
    """Empty when the point holds."""


def check(
    backend: Backend, image: str, folder: Path, *, runtime: Runtime = "runc", kernel: str = ""
) -> Iterator[Result]:
    """Every point's result, as it comes. An error of the engine is the problem of the points that needed it.

    `folder` is an empty one below the backend's allowed roots, which the container's user can reach.
    """
    given = folder / "given"
    given.write_bytes(contract.GIVEN)
    given.chmod(0o644)
    inside = payload.place({INSIDE.name: INSIDE.read_bytes()}, folder / "payload")
    bench = Bench(backend, image, folder, inside, contract.PROGRAMS, runtime=runtime, kernel=kernel)
    for point in POINTS:
        try:
            problem = point.look(bench)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"[:300]
        yield Result(point.name, point.title, problem)
