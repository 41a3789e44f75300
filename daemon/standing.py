"""What people said about a candidate so far, as every question about it carries it: its overrides, checked anew."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daemon import approvals
from daemon.decisions import Decision
from daemon.records.archive import Archive
from daemon.records.holds import Holds
from workflows.models import Hold
from workflows.ports import HeldError

OVERRIDE, ESCALATE, REJECT = "override", "escalate", "reject"
"""Actions in statements, and kinds of answers."""


class Standing:
    """Facts for the questions about one candidate. Keys may be struck off and overrides end: nothing is remembered."""

    def __init__(self, holds: Holds, archive: Archive, signers: Path) -> None:
        self._holds = holds
        self._archive = archive
        self._signers = signers

    def facts(self, campaign: str, candidate: str) -> dict[str, Any]:
        """`overrides`, and how many of the campaign's other candidates wait for one."""
        if not candidate:
            return {"overrides": [], "waiting": 0}
        held_now, booked = self._holds.about(campaign, candidate, OVERRIDE)
        waiting = [one for one in held_now if one.kind == OVERRIDE and one.candidate != candidate]
        started_by = starter(self._archive, campaign) if booked else ""
        return {
            "overrides": [
                given_facts(one.body, candidate, started_by, self.verified(one.body)) for one in booked[-50:]
            ],
            "waiting": len(waiting),
        }

    def verified(self, said: Mapping[str, Any]) -> bool:
        """Whether the signature of a booked answer still counts."""
        return approvals.check(said["text"], said["by"], said["signature"], self._signers).verified


def given_facts(said: Mapping[str, Any], candidate: str, started_by: str, verified: bool) -> dict[str, Any]:
    """A signed answer as the policy takes it. `said` has `by`, `reason`, `codes`, `given` and perhaps `until`."""
    until = float(said.get("until", said["given"]))
    return {
        "by": said["by"],
        "started_by": started_by,
        "verified": verified,
        "reason": said["reason"],
        "candidate": candidate,
        "codes": list(said["codes"]),
        "lasts_seconds": round(until - float(said["given"]), 3),
        "left_seconds": round(until - time.time(), 3),
    }


def starter(archive: Archive, campaign: str) -> str:
    """Who started the campaign, by their own word; empty when nobody is named."""
    row = archive.campaign(campaign)
    return str(json.loads(row.spec).get("started_by", "")) if row is not None else ""


def held(campaign: str, candidate: str, decision: Decision) -> HeldError:
    """A soft denial, as the error to raise, with the hold that waits for an override."""
    return HeldError(decision.deny[0].code, "; ".join(decision.reasons), _hold(campaign, candidate, decision))


def _hold(campaign: str, candidate: str, decision: Decision) -> Hold:
    now = time.time()
    codes = tuple(str(code) for code in decision.soft["codes"])
    expires = float(int(now + float(decision.soft["wait_seconds"])))
    return Hold(
        candidate=candidate,
        kind="override",
        reasons=decision.reasons,
        statement=approvals.statement(
            action=OVERRIDE,
            campaign=campaign,
            candidate=candidate,
            expires=expires,
            codes=list(codes),
            decision=decision.decision_id,
        ),
        codes=codes,
        since=now,
        expires=expires,
    )
