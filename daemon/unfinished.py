"""Effects that a process left in the middle, brought to an explicit end: what is unknown counts at its maximum.

An outcome is recorded before the ledger settles it, so the ledger's open lines are all that there is to look at.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.gateway.meter import Paid
from daemon.records.audit import AuditLog
from daemon.records.journal import Journal
from daemon.records.ledger import Ledger, Reservation
from daemon.records.lookup import mentioning

CALL = "model.call"
CALL_ENDS = ("model.answer", "model.fault", "model.unknown", "model.replayed")
ENDED = "unknown: the daemon ended in the middle"


def end_unfinished(ledger: Ledger, journal: Journal, audit: AuditLog, directory: Path, *, alone: bool) -> int:
    """End each open line whose intent is in this log; returns how many. Call it when no effect is under way here.

    With `alone` nobody else uses the ledger, and a line without an intent is released: its effect never began. Killed
    half-way it may be called again. Raises AuditUnavailable, InfrastructureError.
    """
    lines = ledger.unsettled()
    for line in lines:
        _end(line, ledger, journal, audit, directory, alone=alone)
    return len(lines)


def _end(line: Reservation, ledger: Ledger, journal: Journal, audit: AuditLog, directory: Path, *, alone: bool) -> None:
    told = {
        record["kind"]: record for record in mentioning(directory, line.key) if record["body"].get("key") == line.key
    }
    begun = next((record for kind, record in told.items() if kind == CALL or kind.endswith(".intent")), None)
    if begun is None:
        if alone:
            ledger.release(line.key)
        return
    ends = CALL_ENDS if begun["kind"] == CALL else (begun["kind"].removesuffix(".intent") + ".outcome",)
    ended = next((told[kind] for kind in ends if kind in told), None)
    if ended is not None:
        ledger.settle(line.key, ended["body"].get("spent", {}))
        return
    names = {"campaign": begun["campaign"], "candidate": begun["candidate"]}
    if begun["kind"] != CALL:
        body = {"key": line.key, "ended": ENDED, "spent": dict(line.amounts), "raw": ""}
        audit.append(ends[0], actor=begun["actor"], body=body, **names)
        ledger.settle(line.key, {})
        return
    call = {name: begun["body"][name] for name in ("model", "call", "request", "key")}
    paid = _paid(journal, begun)
    audit.append("model.replayed" if paid else "model.unknown", actor=begun["actor"], body=call, **names)
    ledger.settle(line.key, paid.spent if paid else {})


def _paid(journal: Journal, begun: dict[str, Any]) -> Paid | None:
    """The answer that had already come when the process ended."""
    body = begun["body"]
    entry = journal.get(begun["candidate"], body["call"], body["request"])
    paid = Paid.model_validate_json(entry.response) if entry is not None and entry.response is not None else None
    return paid if paid is not None and paid.key == body["key"] else None
