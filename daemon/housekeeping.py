"""What has to be done now and then: erase what people asked for, let old segments go, remove containers of nobody."""

from __future__ import annotations

import logging
import threading
import time

from daemon.house import House
from daemon.records import erasing
from workflows.ports import InfrastructureError

log = logging.getLogger(__name__)

SECONDS = 2.0
PRUNE_SECONDS = 86_400.0
REAP_SECONDS = 30.0
"""An engine that was away when a container was to be removed may still run it."""


class Housekeeping:
    """One thread; nothing depends on when it comes round."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._done = threading.Event()
        self._pruned = -PRUNE_SECONDS
        self._reaped = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after what it is doing."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(SECONDS):
            try:
                self._once()
            except InfrastructureError as error:
                log.warning("housekeeping has to wait", extra={"error": str(error)})
            except Exception:
                log.exception("housekeeping")

    def _once(self) -> None:
        house = self._house
        erasing.carry_out(house.settings.home, house.audit, house.blobs, house.journal)
        if time.monotonic() - self._reaped >= REAP_SECONDS:
            self._reaped = time.monotonic()
            if left := house.backend.reap(()):
                log.warning("containers that nobody held were removed", extra={"count": len(left), "names": left[:10]})
        if time.monotonic() - self._pruned >= PRUNE_SECONDS:
            self._pruned = time.monotonic()
            if gone := house.audit.prune(house.settings.audit_retention_days):
                log.info("old audit records were let go", extra={"count": gone})
