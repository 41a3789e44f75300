"""Waiting for, and hearing of, what a policy follower does."""

from __future__ import annotations

import time
from collections.abc import Callable

from daemon.engines.opa_status import Listeners


def wait_for(condition: Callable[[], object], seconds: float = 90.0) -> None:
    """Until it holds; fails when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.05)


class Ears:
    """What a listener heard."""

    def __init__(self) -> None:
        self.reloaded: list[str] = []
        self.rejected: list[str] = []
        self.restored: list[str] = []

    @property
    def listeners(self) -> Listeners:
        return Listeners(self.reloaded.append, self.rejected.append, self.restored.append)
