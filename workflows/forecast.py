"""What a campaign will cost: from the candidates decided so far, by the prediction interval of a sum.

With n costs seen (mean m, standard deviation s), the sum of r further ones is expected at r*m, and lies with 95 %
within r*m ± t*s*sqrt(r + r²/n), t being Student's quantile for n - 1 degrees of freedom: r for their own scatter, r²/n
for the mean's uncertainty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from workflows.models import Account, Costs, Forecast, Progress

_T95 = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)
"""Student's 97.5 % quantiles for 1 to 10 degrees of freedom; beyond them 2.0 + 2.3 / degrees is close enough."""


def added(costs: Mapping[Account, Costs], spent: Mapping[Account, int]) -> dict[Account, Costs]:
    """The costs with one more candidate's. An account that it did not touch counts as a zero for it."""
    seen = max((one.count for one in costs.values()), default=0)
    fresh: dict[Account, Costs] = {}
    for account in {**costs, **spent}:
        before, amount = costs.get(account, Costs(count=seen)), float(spent.get(account, 0))
        fresh[account] = Costs(
            count=before.count + 1, total=before.total + amount, squares=before.squares + amount * amount
        )
    return fresh


def predicted(costs: Costs, further: int, *, spent: int = 0, basis: str = "candidates") -> Forecast | None:
    """The forecast for `further` more candidates like those seen; None until two were."""
    if costs.count < 2:
        return None
    mean = costs.total / costs.count
    variance = max(costs.squares - costs.total * mean, 0.0) / (costs.count - 1)
    half = _quantile(costs.count - 1) * math.sqrt(variance * (further + further * further / costs.count))
    expected = spent + further * mean
    return Forecast.model_validate(
        {"expected": round(expected), "low": max(spent, round(expected - half)), "high": round(expected + half)}
        | {"basis": basis}
    )


def forecast(opening: Mapping[Account, Forecast], progress: Progress, candidates: int) -> dict[str, Forecast]:
    """By account: from the candidates decided so far, else as forecast at the campaign's opening."""
    found: dict[str, Forecast] = {str(account): line for account, line in opening.items()}
    further = max(candidates - progress.decided, 0)
    for account, costs in progress.costs.items():
        line = progress.accounts.get(account)
        spent = max(line.spent if line else 0, round(costs.total))
        if fresh := predicted(costs, further, spent=spent):
            found[account] = fresh
    return found


def _quantile(degrees: int) -> float:
    return _T95[degrees - 1] if degrees <= len(_T95) else 2.0 + 2.3 / degrees
