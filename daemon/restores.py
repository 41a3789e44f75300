"""Ways back to an older bundle: what a newer one replaced rules again only when the bundle in force says so.

An edit that is taken back soon needs nobody (`undo_seconds` in data); later a person with the role signs for it. What a
signature binds ends with its use: replaced anew, the revision needs a new one. Every answer is in the audit log.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from daemon import approvals
from daemon.activations import rulings
from daemon.gate import Decision, Endpoint, Gate
from daemon.instance import instance_of
from daemon.killswitch import SIGNERS
from daemon.records.canonical import canonical
from daemon.records.files import make_private, write_durably

FOLDER = Path("policies", "restores")
"""In the state folder: one signed permission for each revision that is to rule again."""

DEADLINE = 10.0
"""Seconds for the bundle in force to answer; no effect waits for it."""


@dataclass(frozen=True)
class Permission:
    """Who lets a revision rule again, why, from when until when (Unix seconds)."""

    by: str = ""
    reason: str = ""
    given: int = 0
    expires: int = 0
    signature: str = ""

    def statement(self, home: Path, revision: str, replaced_at: str) -> str:
        """What is signed: this return of this revision in this state folder, and no other."""
        fields = {
            "action": "restore",
            "by": self.by,
            "expires": self.expires,
            "format": "ratchet-restore/1",
            "given": self.given,
            "instance": instance_of(home),
            "reason": self.reason,
            "replaced": replaced_at,
            "revision": revision,
        }
        return canonical(fields).decode()


class Restores:
    """Answers the policy engine whether a revision may rule. `record` gets the kind and body of each record."""

    def __init__(
        self, home: Path, record: Callable[[str, dict[str, Any]], None], redact: Callable[[Any], Any] = lambda it: it
    ) -> None:
        self._home = home
        self._record = record
        self._redact = redact
        self._refused: tuple[object, str] = (None, "")

    def refusal(self, revision: str, active: Endpoint | None) -> str:
        """Why `revision` may not rule, with the remedy; empty when it may. `active` serves the bundle in force."""
        since = replaced(self._home / "audit", revision)
        if not since:
            return ""
        told = f"revision {revision[:16]} is older: a newer one replaced it at {since}"
        if active is None:
            return f"{told}, and none is left that could let it return. Any edit makes it a revision of its own"
        permission = read(self._home, revision)
        asked = (revision, since, active.revision, permission)
        if self._refused[0] == asked:
            return self._refused[1]  # a server of somebody's own is asked again and again
        decision = self._ask(revision, since, permission, active)
        if decision.permitted:
            return ""
        why = decision.cause or "; ".join(f"{found.code}: {found.msg}" for found in decision.deny)
        if not permission.signature:
            why = f"nobody signed for its return: {decision.cause or ', '.join(found.code for found in decision.deny)}"
        told = f"{told} ({why}). `{remedy(revision)}` lets it return; any other edit makes it a revision of its own"
        self._refused = (None if decision.cause else asked, told)
        return told

    def _ask(self, revision: str, since: str, given: Permission, active: Endpoint) -> Decision:
        statement = given.statement(self._home, revision, since)
        checked = approvals.check(statement, given.by, given.signature, self._home / SIGNERS)
        now = time.time()
        ago = now - datetime.fromisoformat(since).timestamp()
        left = given.expires - now
        facts: dict[str, Any] = {
            "campaign": "",
            "candidate": "",
            "action": "restore",
            "given": {
                "by": given.by,
                "started_by": "",
                "verified": checked.verified,
                "reason": given.reason,
                "candidate": "",
                "codes": [],
                "lasts_seconds": max(given.expires - given.given, left),  # `given` may be dated forward
                "left_seconds": left,
            },
            "blocking": [],
            "hold": {"approvals": 0, "roles": [], "lives_seconds": 0},
            "escalation": {"approvals": 0, "role": "", "prolong_seconds": 0},
            "replaced_seconds_ago": ago if ago >= 0 else None,  # the clock was set back: nothing is known
        }

        def keep(decision: dict[str, Any]) -> None:
            left_out = ("campaign", "candidate")
            self._record("decision", {name: value for name, value in decision.items() if name not in left_out})
            self._record(
                "policy.restore",
                {
                    "revision": revision,
                    "active": active.revision,
                    "replaced": since,
                    "permitted": decision["permitted"],
                    "decision": decision["decision_id"],
                    "by": given.by if checked.verified else "",
                    "reason": self._redact(given.reason),
                    "statement": statement if given.signature else "",
                    "signature": given.signature,
                },
            )

        with contextlib.closing(Gate(lambda: active, keep, deadline=DEADLINE, redact=self._redact)) as gate:
            return gate.decide("override", facts)


def remedy(revision: str) -> str:
    """The command by which a person lets an older revision return."""
    return f"ratchet policy restore {revision[:16]} --by NAME --key SSH_KEY --reason TEXT"


def replaced(audit: Path, revision: str) -> str:
    """When a newer bundle replaced this one, by the audit log; empty when it was the last to rule, or never did."""
    newest = since = ""
    for record in rulings(audit):
        if newest == revision != record["body"]["revision"]:
            since = str(record["time"])
        newest = str(record["body"]["revision"])
    return "" if newest == revision else since


def known(audit: Path, beginning: str) -> set[str]:
    """The revisions that have ruled and begin so, by the audit log."""
    ruled = {str(record["body"]["revision"]) for record in rulings(audit, beginning)}
    return {revision for revision in ruled if revision.startswith(beginning)}


def read(home: Path, revision: str) -> Permission:
    """The permission for a revision; one that was given by nobody when there is none that can be read."""
    try:
        found = Permission(**json.loads((home / FOLDER / f"{revision}.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return Permission()
    texts, times = (found.by, found.reason, found.signature), (found.given, found.expires)
    sound = all(type(text) is str for text in texts) and all(type(when) is int for when in times)
    return found if sound else Permission()


def write(home: Path, revision: str, permission: Permission) -> None:
    """Leave a permission for the engine, which looks at it at once. Raises OSError."""
    make_private(home / FOLDER)
    write_durably(home / FOLDER / f"{revision}.json", json.dumps(asdict(permission)).encode())
