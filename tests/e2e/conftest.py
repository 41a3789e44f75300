"""One daemon for all tests that do it no harm, with secrets planted around it; those that do start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.canaries import Canaries
from tests.e2e.house import Daemon
from tests.e2e.provider import MODEL, Provider, serving


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A whole daemon beside others may be slow: each wait has its own end, see `house.PATIENCE`."""
    for item in items:
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="session")
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with serving() as provider:
        yield provider


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory, canaries: Canaries, provider: Provider) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("daemon")
    canaries.plant(folder, MODEL, provider.address)
    daemon = Daemon(folder, **canaries.environment(folder))
    daemon.start()
    yield daemon
    assert daemon.stop() == 0, daemon.log.read_text()[-3000:]


@pytest.fixture
def own_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path_factory.mktemp("own"))
    daemon.start()
    yield daemon
    daemon.end()
