"""What a process that ended had already recorded of campaigns that go on in this one."""

from __future__ import annotations

import threading
from pathlib import Path

from daemon.records.lookup import mentioning


class Earlier:
    """Reads the log once for each campaign that began before this process. Safe from any thread."""

    def __init__(self, directory: Path) -> None:
        """`directory` is the audit log's."""
        self._directory = directory
        self._lock = threading.Lock()  # protects _known
        self._known: dict[str, frozenset[tuple[str, str]]] = {}

    def begin(self, campaign: str) -> None:
        """The campaign begins now: nothing was recorded of its candidates before."""
        with self._lock:
            self._known.setdefault(campaign, frozenset())

    def has(self, kind: str, campaign: str, candidate: str) -> bool:
        """Whether a record of this kind was there when the campaign was first asked about. Raises OSError."""
        with self._lock:
            known = self._known.get(campaign)
            if known is None:
                found = mentioning(self._directory, campaign)
                known = frozenset((one["kind"], one["candidate"]) for one in found if one["campaign"] == campaign)
                self._known[campaign] = known
            return (kind, candidate) in known
