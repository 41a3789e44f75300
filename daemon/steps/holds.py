"""People's say on what policy holds back: soft denials that wait, and signed answers to holds."""

from __future__ import annotations

import json
import time
from typing import Any

from daemon import approvals
from daemon.decisions import Decision, refused
from daemon.house import House
from daemon.standing import ESCALATE, OVERRIDE, REJECT, given_facts, held, starter
from daemon.steps.effects import request
from workflows.models import CandidateSpec, Hold
from workflows.people import Approval, Escalation, Override
from workflows.ports import HoldAction

RECORDS = {OVERRIDE: "hold.overridden", ESCALATE: "hold.escalated", REJECT: "hold.reject.verified"}


def ask(house: House, question: str, facts: dict[str, Any], spec: CandidateSpec) -> Decision:
    """Ask about a candidate, with what people said of it so far.

    Raises HeldError for a denial that an override could lift, InfrastructureError when there was no real answer; any
    other no is returned as such.
    """
    campaign, candidate = spec.campaign, spec.choice.candidate
    facts = {**facts, **house.standing.facts(campaign, candidate)}
    decision = house.decide(question, facts, campaign=campaign, candidate=candidate)
    if decision.soft:
        raise held(campaign, candidate, decision)
    return decision


def show(house: House, campaign: str, hold: Hold) -> None:
    """Write a hold down, and tell of it once."""
    if house.holds.open(hold.candidate, campaign, hold.kind, hold.model_dump(mode="json")):
        body = hold.model_dump(include={"kind", "statement", "approvals_needed", "given", "roles", "codes", "expires"})
        house.audit.append("hold.opened", actor="gate", campaign=campaign, candidate=hold.candidate, body=body)


def answer(house: House, campaign: str, hold: Hold, action: HoldAction, given: Override | Escalation | Approval) -> str:
    """See `CampaignPort.answer`. The signature binds the hold, the action and every term of it."""
    terms = given.model_dump(exclude={"candidate", "signature"})
    text = approvals.answer(hold.statement, action, **terms)
    said = {"text": text, "signature": given.signature, "given": time.time(), "codes": list(hold.codes), **terms}
    checked = approvals.check(text, given.by, given.signature, house.settings.signers)
    decision = house.decide(
        "override",
        {
            "campaign": campaign,
            "candidate": hold.candidate,
            "action": action,
            "given": given_facts(said, hold.candidate, starter(house.archive, campaign), checked.verified),
            "blocking": [{"code": code, "level": "soft-mandatory"} for code in hold.codes],
            "hold": {
                "approvals": hold.approvals_needed,
                "roles": list(hold.roles),
                "lives_seconds": _lives(house, hold),
            },
            "escalation": {
                "approvals": getattr(given, "approvals", 0),
                "role": getattr(given, "role", ""),
                "prolong_seconds": getattr(given, "prolong_seconds", 0),
            },
            "replaced_seconds_ago": None,
        },
        campaign=campaign,
        candidate=hold.candidate,
    )
    names: dict[str, Any] = {"actor": given.by, "campaign": campaign, "candidate": hold.candidate}
    if not decision.permitted:
        body = {"action": action, "problem": checked.problem or "; ".join(decision.reasons), "reason": given.reason}
        house.audit.append("hold.answer.refused", body={**body, "decision": decision.decision_id}, **names)
        house.metrics.hold_answer("refused")
        raise refused(decision)
    body = {"statement": text, "signature": given.signature, "reason": given.reason, "decision": decision.decision_id}
    house.audit.append(RECORDS[action], body=body, **names)
    if house.holds.book(hold.candidate, request(), action, {**said, "expires": hold.expires}):
        house.metrics.hold_answer(action)
    word = {OVERRIDE: "overridden", ESCALATE: "escalated", REJECT: "rejected"}[action]
    return f"{hold.candidate} {word} by {given.by}"


def _lives(house: House, hold: Hold) -> float:
    """Seconds from the first showing of a hold to its end as it stands."""
    known = house.holds.get(hold.candidate)
    return max(hold.expires - (known.opened if known else hold.since), 0.0)


def escalations(house: House, candidate: str) -> list[dict[str, Any]]:
    """The candidate's escalations as the question `promote` takes them, signatures checked anew."""
    return [
        {
            "by": one.body["by"],
            "verified": house.standing.verified(one.body),
            "approvals": one.body["approvals"],
            "role": one.body["role"],
        }
        for one in house.holds.answers(candidate, ESCALATE)
    ]


def expiry(house: House, candidate: str, seconds: float) -> float:
    """When the candidate's hold for approvals ends: fixed when it was first shown, prolonged by escalations since."""
    known = house.holds.get(candidate)
    if known is None or known.ended is not None or known.kind != "approval":
        first = float(int(time.time() + seconds))
    else:
        first = float(json.loads(known.body["statement"])["expires"])
    ends: list[float] = [
        one.body["expires"] + one.body["prolong_seconds"] for one in house.holds.answers(candidate, ESCALATE)
    ]
    return max([first, *ends])
