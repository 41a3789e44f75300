"""Policy servers: one over the shipped bundle for the whole run, and ones that follow a copy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.engines.opa_embedded import EmbeddedOpa
from daemon.gate import Gate
from policies.bundle import Source
from policies.opa_cli import find_opa
from tests.daemon.engines.listening import Ears


def light(checkout: Path, to: Path) -> Path:
    """A copy with few tests of its own, so that a reload takes little time."""
    Source.read(checkout / "policies").write(to, tests=True)
    for path in to.rglob("*_test.rego"):
        path.unlink()
    (to / "ratchet/lib/lib_test.rego").write_text("package ratchet.lib_test\n\ntest_nothing if true\n")
    return to


@pytest.fixture(scope="session")
def engine(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedOpa]:
    """The shipped bundle, whole."""
    folder = tmp_path_factory.mktemp("opa")
    engine = EmbeddedOpa(checkout / "policies", folder / "state", opa=find_opa())
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


@pytest.fixture(scope="session")
def gate(engine: EmbeddedOpa) -> Iterator[Gate]:
    with contextlib.closing(Gate(engine.endpoint, deadline=20.0)) as gate:
        yield gate


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def folder(checkout: Path, tmp_path: Path) -> Path:
    return light(checkout, tmp_path / "policies")


@pytest.fixture
def follower(folder: Path, tmp_path: Path, ears: Ears) -> Iterator[EmbeddedOpa]:
    """A server that follows a light copy of the shipped folder."""
    engine = EmbeddedOpa(folder, tmp_path / "state", opa=find_opa(), listeners=ears.listeners, poll=0.1)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()
