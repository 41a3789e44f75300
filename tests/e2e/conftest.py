"""One daemon for all tests that do it no harm, with secrets planted around it; those that do start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.canaries import Canaries
from tests.e2e.house import Daemon
from tests.e2e.provider import MODEL, Provider, serving


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
    if daemon.alive():
        daemon.kill()
    daemon.clear()
