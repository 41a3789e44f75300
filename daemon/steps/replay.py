"""A candidate judged again from what the audit log says of it: tree, parent, image, judge, data and seed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from daemon.house import House
from daemon.records.lookup import of_candidate
from daemon.search.accept import alpha_for
from daemon.steps.evaluate import card_of
from daemon.steps.maxima import measuring_maximum
from daemon.steps.measuring import TOTAL_ALPHA, measuring, rule_for, screened, until_decided
from kernels.target import Target
from sandbox.judging import CandidateFault
from workflows.models import CampaignFacts
from workflows.ports import RefusedError
from workflows.queues import SANDBOX
from workflows.replay import Judged, ReplayAsked, Replayed

RULE = "REPLAY"
STEP = "evaluate"


class Recorded(NamedTuple):
    """What the log says of one judging."""

    campaign: str
    tree: str
    parent_tree: str
    image: str
    manifest: str
    seed: bytes
    judged: Judged


class ReplaySteps:
    """See `workflows.replay.ReplayPort`."""

    def __init__(self, house: House) -> None:
        self._house = house

    def replay(self, name: str, asked: ReplayAsked) -> Replayed:
        """Judge it again, as an effect of its own on an account of the request `name`.

        Raises RefusedError, rule REPLAY, when it was never judged, or when what judged it is not there any more.
        """
        house = self._house
        house.audit.flush()
        told = recorded_of(asked.candidate, of_candidate(house.settings.home / "audit", asked.candidate))
        row, number = house.archive.campaign(told.campaign), house.candidate(asked.candidate).number
        if row is None or not row.facts:
            raise RefusedError(RULE, f"the records of {told.campaign} are not here")
        facts = CampaignFacts.model_validate_json(row.facts)
        if facts.target.kind == "genome":
            raise RefusedError(RULE, "a version of the agent is judged by its trials, which the log shows one by one")
        target = house.target(facts.target.name)
        for what, wanted, found in (
            ("image", told.image, house.image()),
            ("judge or data", told.manifest, target.manifest()),
        ):
            if found != wanted:
                raise RefusedError(RULE, f"the {what} is {found[:20]}…, recorded is {wanted[:20]}…: restore it first")
        most = measuring_maximum(target)
        house.ledger.open(name, {account: SANDBOX.maximum_attempts * amount for account, amount in most.items()})
        again = self._judge(name, asked, number, facts, target, told)
        return compared(asked.candidate, told.judged, again)

    def _judge(
        self, name: str, asked: ReplayAsked, number: int, facts: CampaignFacts, target: Target, told: Recorded
    ) -> Judged:
        house = self._house
        parent = house.candidate(house.candidate(asked.candidate).parent)
        step = f"replay-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        try:
            with measuring(
                house,
                step,
                campaign=name,
                candidate=asked.candidate,
                target=target,
                trees=(told.tree, told.parent_tree),
                suite="visible",
                body={"tree": told.tree, "parent_tree": told.parent_tree, "by": asked.by},
                seed=told.seed,
            ) as session:
                outcome = screened(house, told.campaign, session, target, told.parent_tree)
                if outcome is None:
                    alpha = alpha_for(number, TOTAL_ALPHA, planned=facts.planned)
                    outcome = until_decided(session, target, rule_for(target, facts.sigma), alpha)
            return Judged.model_validate(card_of(target, outcome, parent).model_dump())
        except CandidateFault as fault:
            return Judged(verdict=fault.verdict)
        finally:
            house.judges.close(name)


def recorded_of(candidate: str, records: Iterable[dict[str, Any]]) -> Recorded:
    """What the log says of the last judging that came to its end. Raises RefusedError when there was none."""
    found = list(records)

    def last(kind: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        fitting = [one for one in found if one["kind"] == kind and fits(one["body"])]
        if not fitting:
            raise RefusedError(
                RULE, f"{candidate} cannot be judged again: no record {kind} of it that tells how it was"
            )
        return fitting[-1]

    ended = last(f"{STEP}.outcome", lambda body: body["ended"] == "done")
    begun = last(f"{STEP}.intent", lambda body: body["key"] == ended["body"]["key"])["body"]
    seed = last("seed.revealed", lambda body: body["step"] == STEP)["body"]["seed"]
    decided = last("candidate.decided", lambda body: True)
    return Recorded(
        campaign=decided["campaign"],
        tree=begun["tree"],
        parent_tree=begun["parent_tree"],
        image=begun["image"],
        manifest=begun["manifest"],
        seed=bytes.fromhex(seed),
        judged=Judged.model_validate(decided["body"]),
    )


def compared(candidate: str, recorded: Judged, again: Judged) -> Replayed:
    """Both judgements, and whether they agree."""
    if again.gain is None or recorded.low is None or recorded.high is None:
        within = again.gain == recorded.gain
    else:
        within = recorded.low <= again.gain <= recorded.high
    same = again.verdict == recorded.verdict
    return Replayed(candidate=candidate, recorded=recorded, again=again, same_verdict=same, within=within)
