"""Bundles that come into force: each is tried on past decisions before, and recorded with where it came from."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daemon.engines.opa_status import Listeners
from daemon.hindsight import ask_again
from daemon.metrics import Metrics
from daemon.records import lookup
from daemon.records.audit import AuditLog
from daemon.repo import commit_of
from policies.bundle import Source

log = logging.getLogger(__name__)

ACTIVE = "policy.active"
"""Kind of the record that a bundle rules from now on."""
DECISIONS = 1000
"""Past decisions that a new bundle is tried on, newest ones: about four seconds."""
SHOWN = 200
"""Most flips that a record lists; all are counted."""


class Activations:
    """Listens to the policy server. What happens before the audit log is open is recorded once it is."""

    def __init__(self, policies: Path, audit: Path, metrics: Metrics, *, ours: bool = True) -> None:
        self._policies = policies
        self._directory = audit
        self._metrics = metrics
        self._ours = ours
        self._audit: AuditLog | None = None
        self._waiting: list[tuple[str, dict[str, Any]]] = []

    @property
    def listeners(self) -> Listeners:
        """What the policy server tells."""
        return Listeners(reloaded=self._active, rejected=self._rejected, restored=self._restored, staged=self._staged)

    def record_in(self, audit: AuditLog) -> None:
        """The log is open: what waited is written, and from now on everything at once."""
        self._audit = audit
        while self._waiting:
            self.record(*self._waiting.pop(0))

    def _staged(self, source: Source) -> None:
        records = lookup.newest_decisions(self._directory, DECISIONS) if self._directory.is_dir() else []
        if not records or records[-1]["body"].get("revision") == source.revision:
            return  # nothing was decided yet, or the newest decision was this bundle's own: the daemon starts again
        again = ask_again(source, records)
        flips = [one for one in again if one.flipped]
        self._metrics.policy_flips(len(flips))
        for one in flips[:SHOWN]:
            log.warning("%s would now be %s, was %s", one.record["body"]["decision_id"], one.outcome, one.then)
        shown = [
            {
                "decision": one.record["body"]["decision_id"],
                "question": one.record["body"]["question"],
                "candidate": one.record["candidate"],
                "then": one.then,
                "now": one.outcome,
                "codes": list(one.codes_now),
            }
            for one in flips[:SHOWN]
        ]
        self.record(
            "policy.staged", {"revision": source.revision, "asked": len(again), "flipped": len(flips), "flips": shown}
        )

    def _active(self, revision: str) -> None:
        self._metrics.policy_loaded(revision)
        commit = commit_of(self._policies) if self._ours else ""
        self.record("policy.active", {"revision": revision, "commit": commit, "folder": str(self._policies)})

    def _rejected(self, problem: str) -> None:
        self._metrics.policy_rejected()

    def _restored(self, revision: str) -> None:
        self._metrics.policy_unchanged()

    def record(self, kind: str, body: dict[str, Any]) -> None:
        """Append to the audit log, or keep for it until it is open."""
        if self._audit is None:
            self._waiting.append((kind, body))
        else:
            self._audit.append(kind, actor="gate", campaign="", candidate="", body=body)


def rulings(audit: Path, text: str = ACTIVE) -> Iterator[dict[str, Any]]:
    """The records in which `text` stands that a bundle came into force, the oldest first. Raises OSError."""
    for record in lookup.mentioning(audit, text) if audit.is_dir() else ():
        if record["kind"] == ACTIVE:
            yield record


def origin(audit: Path, revision: str) -> str:
    """The commit from which a revision came into force last, by the audit log; empty when none is known."""
    found = ""
    for record in rulings(audit, revision) if revision else ():
        if record["body"]["revision"] == revision:
            found = str(record["body"]["commit"])
    return found
