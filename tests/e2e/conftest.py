"""One daemon for all tests that do it no harm; those that do start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.house import Daemon


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path_factory.mktemp("daemon"))
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
