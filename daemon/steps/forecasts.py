"""What a campaign is expected to cost, before anything is paid for a candidate of it."""

from __future__ import annotations

from daemon.house import House
from daemon.records.rows import RECORDED, CandidateRow
from daemon.steps.maxima import measuring_maximum, propose_maximum
from kernels.target import Target
from workflows.forecast import added, predicted
from workflows.models import ACCOUNTS, Account, CampaignSpec, Costs, Forecast

EARLIER = 100
"""Earlier candidates that a forecast looks at, newest campaigns first."""


def opening_forecast(house: House, target: Target, spec: CampaignSpec) -> dict[Account, Forecast]:
    """From earlier candidates of this target and model; without two of them, between nothing and the maxima.

    Money and tokens are reserved call by call, so without earlier candidates they have no forecast but their caps.
    """
    costs: dict[Account, Costs] = {}
    for row in _earlier(house, target.name, spec.model):
        costs = added(costs, {account: row.spent[account] for account in ACCOUNTS if account in row.spent})
    found: dict[Account, Forecast] = {}
    for account, line in costs.items():
        if forecast := predicted(line, spec.candidates, basis="earlier"):
            found[account] = forecast
    if found:
        return found
    propose, measure = propose_maximum(), measuring_maximum(target)
    for account in propose:
        most = spec.candidates * (propose[account] + measure.get(account, 0))
        found[account] = Forecast(expected=most, low=0, high=most, basis="maximum")
    return found


def _earlier(house: House, target: str, model: str) -> list[CandidateRow]:
    """Decided candidates of earlier campaigns, of which every cost is known."""
    rows: list[CandidateRow] = []
    for campaign in house.archive.campaigns():
        if campaign.target == target and len(rows) < EARLIER:
            rows += [
                row
                for row in house.archive.candidates(campaign.campaign)
                if RECORDED in row.times and row.model == model and not row.verdict.startswith("inconclusive")
            ]
    return rows[:EARLIER]
