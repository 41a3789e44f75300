"""Engines for the whole run: each is real, and is started once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from daemon.engines.temporal import TemporalServer

# A busy machine is no failure: no example has a deadline of its own.
settings.register_profile("ratchet", deadline=None)
settings.load_profile("ratchet")

# Tests in this order: what fails fast comes first.
ORDER = ("docker", "opa", "temporal", "e2e")


def pytest_configure() -> None:
    """Say that the main thread has no event loop; unsaid, the first async test makes one and leaves it open."""
    asyncio.set_event_loop(None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        marks = {mark.name for mark in item.iter_markers()}
        return max((ORDER.index(name) + 1 for name in marks if name in ORDER), default=0)

    items.sort(key=rank)


@pytest.fixture(scope="session")
def temporal_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Temporal server with a file database, for every test that needs one."""
    server = TemporalServer(tmp_path_factory.mktemp("temporal"), port=0, ui_port=-1)
    server.start()
    try:
        yield server.address
    finally:
        server.stop()


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The project's root."""
    return Path(__file__).resolve().parent.parent
