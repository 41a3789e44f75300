"""`ratchet policy restore`: a person lets an older revision of the policies rule again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli import output, reach
from daemon.cli.errors import BadInput
from daemon.cli.output import JsonFlag
from daemon.cli.owner import as_owner
from daemon.cli.signing import signed

SHORTEST = 8
"""Characters of a revision's beginning that have to be given."""


def add_to(app: typer.Typer) -> None:
    """Make it a command of `ratchet policy`."""
    app.command()(restore)


def restore(
    revision: Annotated[str, typer.Argument(help="The older revision, or how it begins; see ratchet policy status.")],
    by: Annotated[str, typer.Option("--by", help="Who signs: the identity in keys/allowed_signers.")],
    key: Annotated[Path, typer.Option(help="Private SSH key (or the public one, with an agent).")],
    reason: Annotated[str, typer.Option("--reason", help="Why it may rule again; kept in the audit log.")],
    hours: Annotated[float, typer.Option(min=0, help="How long it may take until the folder is back.")] = 1.0,
    as_json: JsonFlag = False,
) -> None:
    """Sign that an older revision may rule again, once; the daemon then asks the policy in force.

    An edit taken back soon (`undo_seconds` in policies/ratchet/override/data.yaml) does not need it.
    """
    from daemon.approvals import check
    from daemon.killswitch import SIGNERS
    from daemon.restores import Permission, known, replaced, write
    from workflows.ports import RefusedError

    home = reach.settings().home
    if len(revision) < SHORTEST:
        raise BadInput(f"give at least {SHORTEST} characters of the revision")
    with as_owner(home):
        found = sorted(known(home / "audit", revision))
        if len(found) != 1:
            raise BadInput(f"{len(found)} revisions that were in force begin with {revision}, by the audit log")
        since = replaced(home / "audit", found[0])
    if not since:
        raise BadInput(f"revision {found[0][:16]} is the last that was in force: it needs no permission")
    now = int(time.time())
    expires = now + int(hours * 3600)
    unsigned = Permission(by, reason, now, expires)
    statement = unsigned.statement(home, found[0], since)
    signature = signed(statement, key)
    with as_owner(home):
        checked = check(statement, by, signature, home / SIGNERS)
        if not checked.verified:
            raise RefusedError("RESTORE", f"not restored: {checked.problem}")
        write(home, found[0], Permission(by, reason, now, expires, signature))
    if as_json:
        output.print_json({"revision": found[0], "by": by, "replaced": since, "expires": expires})
    else:
        output.print_text(f"signed for {found[0]}; whether it rules now: ratchet policy status, in some seconds")
