"""A gateway on a temporary folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.gateway.server import Gateway
from tests.daemon.gateway.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.db.close()


@pytest.fixture
def gateway(house: House) -> Iterator[Gateway]:
    gateway = Gateway(house.meter(), house.folder / "run", uids=[os.getuid()], peer_seconds=1.0)
    gateway.start()
    yield gateway
    gateway.stop()
