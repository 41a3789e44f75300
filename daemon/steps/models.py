"""What the model policy is asked: at a campaign's start, at each choice, and by the gateway before each call."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from daemon.decisions import refused
from daemon.gate import Gate
from daemon.gateway.errors import Refusal
from daemon.gateway.grants import Grant
from daemon.gateway.ports import Permit
from daemon.gateway.requests import Effective
from daemon.house import House
from daemon.records.archive import Archive
from daemon.records.ledger import Ledger
from daemon.standing import Standing
from daemon.steps.budgets import DAY_SECONDS
from workflows.models import Account
from workflows.ports import InfrastructureError


def model_facts(
    ledger: Ledger,
    campaign: str,
    candidate: str,
    target: str,
    model: str,
    max_tokens: int,
    asked: Mapping[Account, int],
) -> dict[str, Any]:
    """The question `model`. What is under way counts at its maximum."""
    everything, calls = ledger.spent_since_by(time.time() - DAY_SECONDS, model)
    return {
        "campaign": campaign,
        "candidate": candidate,
        "target": target,
        "model": model,
        "max_tokens": max_tokens,
        "asked": dict(asked),
        "day": everything,
        "day_model": {"micro_usd": calls["micro_usd"]},
    }


def may_use(house: House, campaign: str, target: str, model: str, candidate: str = "") -> None:
    """Raises RefusedError when policy keeps the target's data from the model, before anything is spent."""
    facts = model_facts(house.ledger, campaign, candidate, target, model, house.settings.model_tokens, {})
    decision = house.decide("model", facts, campaign=campaign, candidate=candidate)
    if not decision.permitted:
        raise refused(decision, "MODEL")


def permit(gate: Gate, ledger: Ledger, archive: Archive, standing: Standing) -> Permit:
    """What the gateway asks before each call; the refusal that a candidate reads names the rule and no amounts."""

    def ask(grant: Grant, request: Effective, amounts: Mapping[Account, int]) -> None:
        row = archive.campaign(grant.campaign)
        target = json.loads(row.spec)["target"] if row is not None else "unknown"
        names = {"campaign": grant.campaign, "candidate": grant.candidate}
        facts = model_facts(ledger, grant.campaign, grant.candidate, target, request.model, request.max_tokens, amounts)
        decision = gate.decide("model", facts | standing.facts(grant.campaign, grant.candidate), **names)
        if decision.cause:
            raise InfrastructureError(f"opa: {decision.cause}")
        if not decision.permitted:
            code = decision.deny[0].code if decision.deny else "MODEL"
            raise Refusal(403, "policy", f"policy does not let this model be called ({code})")

    return ask
