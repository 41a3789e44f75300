"""Which model of a campaign's ensemble proposes next, from what its candidates gained and cost so far."""

from __future__ import annotations

import random
from collections.abc import Sequence

from daemon.search.bandit import Arm, choose_model, finished, submitted
from daemon.search.population import Member

TIRED = 2
"""Faults in a row after which a model rests."""
REST = 10
"""Candidates for which it rests."""


def arms_of(members: Sequence[Member], models: Sequence[str]) -> dict[str, Arm]:
    """The bandit's state: calls and rewards of every candidate, in the order of their numbers.

    Only an accepted gain earns. The largest one so far is the unit, so that no metric's unit matters.
    """
    arms = dict.fromkeys(models, Arm())
    mine = [one for one in sorted(members, key=lambda one: one.number) if one.number > 0 and one.model in arms]
    gains = [one.gain for one in mine if one.verdict == "accepted" and one.gain is not None]
    scale = max((gain for gain in gains if gain > 0), default=1.0)
    for one in mine:
        arms = submitted(arms, one.model)
        if one.decided:
            gain = one.gain if one.verdict == "accepted" and one.gain is not None else 0.0
            arms = finished(arms, one.model, gain, one.micro_usd, scale)
    return arms


def resting(members: Sequence[Member], models: Sequence[str], number: int) -> set[str]:
    """Models whose last candidates all ended by a fault of ours or of the provider's, and not long ago."""
    tired = set()
    for model in models:
        mine = sorted((one for one in members if one.model == model and one.verdict), key=lambda one: -one.number)
        last = mine[:TIRED]
        if (
            len(last) == TIRED
            and all(one.verdict.startswith("inconclusive") for one in last)
            and number - last[0].number <= REST
        ):
            tired.add(model)
    return tired


def ranked(members: Sequence[Member], models: Sequence[str], number: int, rng: random.Random) -> list[str]:
    """All models, the one to ask first, then those to fall back on when a provider fails. Raises ValueError for none.

    With one model there is nothing to draw. A resting model is asked only when all rest.
    """
    wanted = list(dict.fromkeys(models))
    if len(wanted) == 1:
        return wanted
    tired = resting(members, wanted, number)
    awake = [model for model in wanted if model not in tired] or wanted
    first = choose_model(arms_of(members, awake), rng)
    return [first, *(model for model in awake if model != first), *(model for model in wanted if model not in awake)]
