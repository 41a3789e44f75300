"""A question of the daemon's own to a model: one call, metered and journaled on the candidate's account."""

from __future__ import annotations

from daemon.gateway.grants import Grant
from daemon.house import House
from workflows.models import CandidateSpec


def ask_once(house: House, spec: CandidateSpec, model: str, messages: list[dict[str, str]], max_tokens: int) -> str:
    """The model's answer. Raises Refusal when none can be had: no budget, no provider, or policy says no."""
    choice = spec.choice
    grant = Grant(
        candidate=choice.candidate,
        campaign=spec.campaign,
        number=choice.number,
        model=model,
        max_calls=1,
        max_tokens=max_tokens,
        seed=choice.seed,
    )
    return house.gateway.ask(grant, messages)
