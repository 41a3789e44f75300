"""`ratchet audit erase` and `prune`: content and records that go, each leaving its trace."""

from __future__ import annotations

import fcntl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import output, reach
from daemon.cli.errors import BadInput
from daemon.cli.output import JsonFlag
from daemon.cli.owner import user

if TYPE_CHECKING:
    from daemon.settings import Settings

WAIT_SECONDS = 20.0
"""How long `erase` waits for a running daemon to do it."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the group `audit`."""
    app.command()(erase)
    app.command()(prune)


def erase(
    blob: Annotated[str, typer.Argument(help="SHA-256 of the content, as records name it.")],
    reason: Annotated[str, typer.Option("--reason", help="Kept in the audit log for ever.")],
    by: Annotated[str, typer.Option("--by", help="Who asks. Default: the user running this.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Erase content that records name by hash (a secret found late, personal data); the records and chain stay."""
    from daemon.records import erasing
    from daemon.records.blobs import BlobStore
    from workflows.ports import InfrastructureError

    here = reach.settings()
    try:
        request = erasing.ask(here.home, blob, by=by or user(), reason=reason)
    except ValueError as error:
        raise BadInput(str(error)) from error
    if _alone(here.home):
        _erase_here(here)
    deadline = time.monotonic() + WAIT_SECONDS
    while request.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    if request.exists():
        raise InfrastructureError("audit: the running daemon has not erased it yet; it will, once it can record that")
    grave = BlobStore(here.home / "blobs").tombstone(blob)
    found = {"blob": blob, **(grave._asdict() if grave else {})}
    if as_json:
        output.print_json(found)
    else:
        output.print_text(f"erased {blob}; the audit log records it and still verifies")


def prune(as_json: JsonFlag = False) -> None:
    """Let audit records go that are older than RATCHET_AUDIT_RETENTION_DAYS; a running daemon does it once a day."""
    here = reach.settings()
    if not (here.home / "audit").is_dir():
        raise BadInput(f"no audit log in {here.home}; set RATCHET_STATE, or run `ratchet up`")
    if not _alone(here.home):
        raise BadInput("the running daemon prunes by itself, once a day; stop it to prune now")
    from daemon.records.audit import AuditLog

    with AuditLog(here.home / "audit", here.home / "keys" / "audit.pem") as audit:
        gone = audit.prune(here.audit_retention_days)
    if as_json:
        output.print_json({"pruned": gone, "days": here.audit_retention_days})
    else:
        output.print_text(f"{gone} records older than {here.audit_retention_days} days were let go")


def _erase_here(here: Settings) -> None:
    from daemon.records import erasing
    from daemon.records.audit import AuditLog
    from daemon.records.blobs import BlobStore
    from daemon.records.db import Database
    from daemon.records.journal import Journal

    db = Database(here.database)
    try:
        with AuditLog(here.home / "audit", here.home / "keys" / "audit.pem") as audit:
            erasing.carry_out(here.home, audit, BlobStore(here.home / "blobs"), Journal(db))
    finally:
        db.close()


def _alone(home: Path) -> bool:
    """Whether no daemon runs on this state folder."""
    lock = home / "run" / "daemon.lock"
    if not lock.exists():
        return True
    with lock.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
