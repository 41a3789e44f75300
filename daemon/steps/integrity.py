"""What judges is the same before and after every session: target, mounted copies, programs, image. Else it halts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from daemon.house import House
from kernels.target import Target
from workflows.models import CampaignFacts
from workflows.ports import RefusedError

RULE = "MANIFEST"
DENIED = f"denied:{RULE}"
"""Verdict of the candidate whose session met the change; a campaign that has one starts no other."""


def seal(house: House, campaign: str, target: Target) -> dict[str, str]:
    """SHA-256 (or image id) of each part that has a say in a verdict, as it lies on the disk and is mounted now."""
    return {
        "target": house.target(target.name).manifest(),
        "image": house.image(),
        **house.judges.mounted(campaign),
    }


@contextmanager
def intact(house: House, campaign: str, candidate: str, target: Target) -> Iterator[None]:
    """Hold a session between two seals, and both against the campaign's start.

    Raises RefusedError, rule MANIFEST, with an audit record of what differs: nothing measured then counts.
    """
    before = seal(house, campaign, target)
    _compare(house, campaign, candidate, _agreed(house, campaign), before, "since the campaign started")
    try:
        yield
    finally:
        _compare(house, campaign, candidate, before, seal(house, campaign, target), "during an evaluation")


@contextmanager
def unaltered(house: House, campaign: str, candidate: str, parts: Callable[[], dict[str, str]]) -> Iterator[None]:
    """Hold the block between two looks at further parts that have a say (name → SHA-256 or image id).

    Raises RefusedError as `intact` does.
    """
    before = parts()
    try:
        yield
    finally:
        _compare(house, campaign, candidate, before, parts(), "during an evaluation")


def halted(house: House, facts: CampaignFacts) -> str:
    """Why no further candidate may start, in a sentence; empty when the judge is what it was."""
    if house.target(facts.target.name).manifest() != facts.target.manifest:
        return f"the judge or data of {facts.target.name} changed since the campaign started"
    met = house.archive.first_of(facts.campaign, DENIED)
    return f"{met.candidate} met a judge that was not the campaign's" if met else ""


def _agreed(house: House, campaign: str) -> dict[str, str]:
    """What the campaign's facts fix; nothing while it is being opened."""
    row = house.archive.campaign(campaign)
    if row is None or not row.facts:
        return {}
    facts = CampaignFacts.model_validate_json(row.facts)
    return {"target": facts.target.manifest, "image": facts.image}


def _compare(
    house: House, campaign: str, candidate: str, wanted: dict[str, str], found: dict[str, str], when: str
) -> None:
    changed = sorted(name for name, digest in wanted.items() if found.get(name) != digest)
    if not changed:
        return
    body = {"changed": changed, "wanted": wanted, "found": found, "when": when}
    house.audit.append("manifest.changed", actor="daemon", campaign=campaign, candidate=candidate, body=body)
    told = ", ".join(changed)
    raise RefusedError(RULE, f"{told} changed {when}: nothing measured with it counts; restore it, or start anew")
