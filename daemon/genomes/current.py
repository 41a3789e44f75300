"""Which agent proposes: the promoted one, a canary for its share, or the one of the settings before any promotion."""

from __future__ import annotations

from typing import Any

from daemon.house import House
from daemon.search.streams import stream
from workflows.models import CampaignFacts, CampaignSpec


def agent_in_use(house: House) -> str:
    """Tree hash of the agent that new campaigns use: the current rollout's, else that of the settings."""
    current = house.rollouts.current()
    return current.genome if current else house.trees.import_folder(house.settings.agent)


def agents_in_use(house: House) -> dict[str, Any]:
    """The agents of a campaign that opens now, as fields of its facts. They are pinned: what is promoted later is for
    later campaigns."""
    canary = house.rollouts.canary()
    found: dict[str, Any] = {"genome": agent_in_use(house)}
    return found if canary is None else {**found, "canary": canary.genome, "canary_share": canary.share}


def proposing(house: House, spec: CampaignSpec, facts: CampaignFacts, number: int, parent: str) -> str:
    """Tree hash of the agent that proposes candidate `number`.

    A version of the agent is edited by itself. Elsewhere a canary gets its share of the numbers, drawn from the
    campaign's seed, as long as it has not been rolled back.
    """
    if facts.target.kind == "genome":
        return house.candidate(parent).tree
    if facts.canary and stream(spec.seed, "canary", facts.campaign, number).random() < facts.canary_share:
        standing = (house.rollouts.canary(), house.rollouts.current())
        if any(rollout is not None and rollout.genome == facts.canary for rollout in standing):
            return facts.canary
    return facts.genome
