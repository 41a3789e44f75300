"""Erasing content that the audit log only names by hash: asked for durably, recorded before and after, then gone.

The request is a file in the state folder, so that it outlives a crash and reaches the one process that writes the log.
What is erased: the blob, and the copy of an answer that the journal of paid calls keeps.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from daemon.records.audit import AuditLog
from daemon.records.blobs import BlobStore
from daemon.records.files import make_private, write_durably
from daemon.records.journal import Journal
from daemon.records.lookup import mentioning
from workflows.ports import RefusedError

REQUESTS = Path("run", "erase")
LEAST_REASON = 10


def ask(home: Path, blob: str, *, by: str, reason: str) -> Path:
    """Leave a request; returns its file, which is gone when it is done.

    Raises RefusedError for a blob that was never stored or is erased already, or without a name and a reason, OSError.
    """
    blobs = BlobStore(home / "blobs")
    if len(reason.strip()) < LEAST_REASON or not by.strip():
        raise RefusedError("erase:reason", f"erasing needs a name and a reason of {LEAST_REASON} characters or more")
    if (grave := blobs.tombstone(blob)) is not None and not blobs.has(blob):
        raise RefusedError("erase:erased", f"{blob} was erased already, by {grave.actor}: {grave.reason}")
    if not blobs.has(blob):
        raise RefusedError("erase:unknown", f"nothing is stored under {blob}")
    make_private(home / REQUESTS)
    path = home / REQUESTS / f"{blob}.json"
    write_durably(path, json.dumps({"blob": blob, "by": by, "reason": reason, "at": time.time()}).encode())
    return path


def carry_out(home: Path, audit: AuditLog, blobs: BlobStore, journal: Journal) -> int:
    """Do what was asked for; returns how many. Done again after a crash, it ends in the same state.

    Raises InfrastructureError: the rest is done at the next call.
    """
    done = 0
    for path in sorted((home / REQUESTS).glob("*.json")):
        wanted = json.loads(path.read_bytes())
        _erase(home, wanted, audit, blobs, journal)
        path.unlink(missing_ok=True)
        done += 1
    return done


def _erase(home: Path, wanted: dict[str, Any], audit: AuditLog, blobs: BlobStore, journal: Journal) -> None:
    blob, by, reason = wanted["blob"], wanted["by"], wanted["reason"]
    records = list(mentioning(home / "audit", blob))
    body = {"blob": blob, "reason": reason, "asked": wanted["at"]}
    audit.append("blob.erase.intent", actor=by, body=body)
    answers = 0
    for record in records:
        if record["kind"] == "model.answer" and record["body"]["answer"] == blob:
            answers += journal.forget(record["candidate"], record["body"]["call"], record["body"]["request"])
    try:
        size = blobs.erase(blob, actor=by, reason=reason).size
    except KeyError:
        size = 0
    audit.append("blob.erase.outcome", actor=by, body={**body, "bytes": size, "answers": answers})
