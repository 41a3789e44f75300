"""Blue and green: a promoted version proposes a share, is compared with the one in use, and stays or is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from daemon.house import House
from daemon.records.rollouts import Rollout
from daemon.records.rows import CandidateRow
from daemon.steps.effects import DAEMON

ACCOUNTS = ("micro_usd", "tokens")
"""What the cost of a candidate is compared by."""


def review(house: House) -> str:
    """Ask whether the canary, if there is one, may go on. Returns what became of it: ``, `completed`, `rolled-back`.

    Called whenever a candidate was decided; a second call in the same state changes nothing. Raises InfrastructureError
    when policy does not answer.
    """
    canary = house.rollouts.canary()
    if canary is None:
        return ""
    facts = {"canary": _figures(house, canary, True), "current": _figures(house, canary, False)}
    question = {"campaign": "", "candidate": canary.candidate, "action": "rollout", "rollout": facts}
    decision = house.decide("genome", question, campaign="", candidate=canary.candidate)
    if not decision.permitted:
        reason = "; ".join(decision.reasons) or "policy does not permit it to go on"
        return "rolled-back" if take_back(house, canary, DAEMON, reason, decision.decision_id) else ""
    if decision.require.get("complete") is True:
        return "completed" if complete(house, canary, DAEMON, "as good as before", decision.decision_id) else ""
    return ""


def take_back(house: House, rollout: Rollout, actor: str, reason: str, decision: str) -> bool:
    """End a rollout; the version before it is used again. False when it had ended already."""
    _record("genome.rollback.intent", house, rollout, actor, reason, decision)
    if not house.rollouts.roll_back(rollout.number, actor=actor, reason=reason):
        return False
    history = house.archive.champion_history("genome")
    if history and history[-1].candidate == rollout.candidate and history[-1].previous:
        house.archive.rollback("genome", actor=actor, decision_id=decision, reason=reason)
    _record("genome.rollback.outcome", house, rollout, actor, reason, decision)
    house.metrics.rollout("rolled-back")
    return True


def complete(house: House, rollout: Rollout, actor: str, reason: str, decision: str) -> bool:
    """The canary becomes the version in use. False when it was none any more."""
    if not house.rollouts.complete(rollout.number, actor=actor, reason=reason):
        return False
    _record("genome.current", house, rollout, actor, reason, decision)
    house.metrics.rollout("completed")
    return True


def _record(kind: str, house: House, rollout: Rollout, actor: str, reason: str, decision: str) -> None:
    row = house.candidate(rollout.candidate)
    body = {"rollout": rollout.number, "genome": rollout.genome, "reason": reason, "decision": decision}
    house.audit.append(kind, actor=actor, campaign=row.campaign, candidate=rollout.candidate, body=body)


def _figures(house: House, canary: Rollout, new: bool) -> dict[str, Any]:
    """Success, cost and denials of one version, over candidates decided in campaigns that the canary takes part in."""
    rows = [
        row
        for campaign in house.archive.campaigns()
        if campaign.opened >= canary.started and campaign.target != "genome"
        for row in house.archive.candidates(campaign.campaign)
        if row.number > 0 and row.verdict and not row.verdict.startswith("inconclusive")
        if (row.genome == canary.genome) == new
    ]
    return {
        "decided": len(rows),
        "success": _share(rows, "accepted"),
        "denied": _share(rows, "denied"),
        "cost": {account: _mean([row.spent.get(account, 0) for row in rows]) for account in ACCOUNTS},
    }


def _share(rows: Sequence[CandidateRow], verdict: str) -> float:
    return _mean([float(row.verdict.split(":")[0] == verdict) for row in rows])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
