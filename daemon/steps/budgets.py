"""What the budget policy is asked, and which models a campaign may name."""

from __future__ import annotations

import time
from typing import Any

from daemon.decisions import Decision
from daemon.house import House
from workflows.failures import BUDGET
from workflows.models import Account, CampaignSpec
from workflows.outside import OUTSIDE
from workflows.ports import RefusedError

DAY_SECONDS = 86_400
OUT_OF_BUDGET = ("BUDGET-ACCOUNT", "BUDGET-DAY")
"""Rules of the budget policy whose finding names the account that is used up."""


def budget_facts(
    house: House, campaign: str, spec: CampaignSpec, action: str, asked: dict[Account, int], *, model: str = ""
) -> dict[str, Any]:
    """The question `budget`."""
    return {
        "campaign": campaign,
        "action": action,
        "target": spec.target,
        "model": model or spec.model,
        "asked": {**(spec.budget.amounts() if action == "start" else {}), **asked},
        "accounts": accounts(house, campaign),
        "day": dict(house.ledger.spent_since(time.time() - DAY_SECONDS)),
        "by": spec.started_by,
        "in_flight": spec.in_flight,
    }


def short_of(decision: Decision) -> RefusedError | None:
    """The refusal by the account that is used up, so that a campaign can say why it ends; None for another no."""
    for finding in decision.deny:
        if finding.code in OUT_OF_BUDGET and finding.path:
            return RefusedError(f"{BUDGET}{finding.path}", "; ".join(decision.reasons))
    return None


def accounts(house: House, campaign: str) -> dict[str, dict[str, int]]:
    """The campaign's ledger lines."""
    return {name: line._asdict() for name, line in house.ledger.statement(campaign).items()}


def models_of(spec: CampaignSpec) -> tuple[str, ...]:
    """The models that propose: the ensemble, else the one."""
    return tuple(dict.fromkeys(spec.models)) or (spec.model,)


def check_models(house: House, spec: CampaignSpec) -> None:
    """Raises RefusedError for a model that the settings do not have, and for one that is none."""
    catalogue = house.settings.catalogue
    other = (spec.transfer_model,) if spec.transfer_model else ()
    if OUTSIDE in (*spec.models, *spec.roles.values(), *other):
        raise RefusedError("MODEL", f"{OUTSIDE!r} is no model: it stands alone, as `model`")
    for model in (*models_of(spec), *spec.roles.values(), *other):
        if catalogue.find(model) is None:
            known = ", ".join(("ratchet/tuner", *(entry.name for entry in catalogue.models)))
            raise RefusedError("MODEL", f"model {model!r} is not in ratchet.toml; there are: {known}")
