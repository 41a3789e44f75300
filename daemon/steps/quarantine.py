"""A confirmed quarantine: out of use with all that descends from it, the champion taken back, and judged again."""

from __future__ import annotations

import hashlib
from typing import Any

from daemon import approvals
from daemon.house import House
from daemon.records.rows import SEED_VERDICT, CandidateRow
from daemon.records.soundness import QUARANTINED, SUSPENDED, descendants, nearest_sound, out_of_use
from daemon.search.accept import alpha_for
from daemon.steps.effects import DAEMON, told
from daemon.steps.evaluate import card_of
from daemon.steps.maxima import measuring_maximum
from daemon.steps.measuring import TOTAL_ALPHA, measuring, rule_for, until_decided
from sandbox.judging import CandidateFault
from workflows.models import CampaignFacts, Scorecard
from workflows.ports import RefusedError
from workflows.quarantine import QuarantineAsked, Quarantined
from workflows.queues import SANDBOX

RULE = "QUARANTINE"


def statement(row: CandidateRow, by: str, reason: str) -> str:
    """What a person signs. It never ends: a quarantine can be repeated without harm, and nothing takes it back."""
    about = {"tree": row.tree, "by": by, "reason": reason}
    return approvals.statement(action="quarantine", campaign=row.campaign, candidate=row.candidate, expires=0, **about)


class QuarantineSteps:
    """See `workflows.quarantine.QuarantinePort`."""

    def __init__(self, house: House) -> None:
        self._house = house

    def confirm(self, asked: QuarantineAsked) -> Quarantined:
        """Any listed signer may: it only takes trust away. What is to happen is recorded first, so that a death in the
        middle is gone on with, whatever the rows say by then."""
        house = self._house
        row = house.candidate(asked.candidate)
        names: dict[str, Any] = {"campaign": row.campaign, "candidate": row.candidate}
        if row.verdict in ("", SEED_VERDICT):
            what = "is the seed: mend the target instead" if row.verdict else "is in flight: stop its campaign"
            raise RefusedError(RULE, f"{row.candidate} {what}")
        text = statement(row, asked.by, asked.reason)
        checked = approvals.check(text, asked.by, asked.signature, house.settings.signers)
        if not checked.verified:
            house.audit.append("quarantine.refused", actor=asked.by, body={"problem": checked.problem}, **names)
            raise RefusedError(RULE, f"{asked.by}: {checked.problem}")
        known = told(house, row.candidate)
        if "quarantine.confirmed" not in known:
            body = {"statement": text, "signature": asked.signature, "reason": asked.reason, **self._plan(row)}
            house.audit.append("quarantine.confirmed", actor=asked.by, body=body, **names)
            house.metrics.hold_answer("quarantine")
            known = {"quarantine.confirmed": body}
        plan = known["quarantine.confirmed"]
        self._suspend(row, asked.reason)
        if plan["champion"]:
            house.archive.promote(
                plan["target"],
                plan["champion"],
                actor=asked.by,
                decision_id=f"quarantine/{row.candidate}",
                reason=f"{row.candidate} was quarantined: {asked.reason}"[:500],
            )
        if "quarantine.done" not in known:
            body = {"champion": plan["champion"], "suspended": plan["suspended"]}
            house.audit.append("quarantine.done", actor=DAEMON, body=body, **names)
        return Quarantined(candidate=row.candidate, **{name: plan[name] for name in _PLANNED})

    def reevaluate(self, name: str, candidate: str) -> str:
        """Against the nearest ancestor that is sound by now, on an account of the request `name`."""
        house = self._house
        row = house.candidate(candidate)
        if row.verdict == SUSPENDED:
            line = house.archive.lineage(candidate)
            against = nearest_sound(line)
            if against is None:
                raise RefusedError(RULE, f"{candidate} has no sound ancestor; it stays out of use")
            card = self._judge(name, row, against)
            measured = {"verdict", "score", "gain", "low", "high", "pairs", "e_value", "threshold", "feedback", "cases"}
            reasons = (*row.reasons, f"judged again against {against.candidate}")
            row = house.archive.put(row.model_copy(update={**card.model_dump(include=measured), "reasons": reasons}))
        if "candidate.re-evaluated" not in told(house, candidate):
            body = row.model_dump(include={"verdict", "gain", "low", "high", "pairs"}) | {"why": row.reasons[-1]}
            names: dict[str, Any] = {"campaign": row.campaign, "candidate": candidate}
            house.audit.append("candidate.re-evaluated", actor=DAEMON, body=body, **names)
        return row.verdict

    def _plan(self, row: CandidateRow) -> dict[str, Any]:
        """Who is suspended, who of them had been accepted, and which champion takes over (empty: none has to)."""
        house = self._house
        campaign = house.archive.campaign(row.campaign)
        target = campaign.target if campaign else ""
        family = descendants(house.archive.candidates(row.campaign), row.candidate)
        tainted = {row.candidate, *(one.candidate for one in family)}
        champion = ""
        if house.archive.champion(target) in tainted:
            earlier = (move.candidate for move in reversed(house.archive.champion_history(target)))
            sound = (name for name in earlier if name not in tainted and not out_of_use(house.candidate(name).verdict))
            champion = next(sound, f"{row.campaign}-c0")
        genome = target and house.target(target).kind == "genome"
        accepted = [one.candidate for one in family if one.verdict == "accepted" and not genome]
        suspended = [one.candidate for one in family if one.score is not None]
        return {"suspended": suspended, "accepted": accepted, "target": target, "champion": champion}

    def _suspend(self, row: CandidateRow, reason: str) -> None:
        """The rows as they stand now: a descendant that was decided meanwhile is suspended too."""
        put = self._house.archive.put
        if row.verdict != QUARANTINED:
            update = {"verdict": QUARANTINED, "score": None, "promoted": False}
            put(row.model_copy(update={**update, "reasons": (*row.reasons, f"was {row.verdict}: {reason}"[:500])}))
        done = told(self._house, row.candidate)
        for one in descendants(self._house.archive.candidates(row.campaign), row.candidate):
            if one.score is None or out_of_use(one.verdict) or "quarantine.done" in done:
                continue
            why = f"was {one.verdict}, and descends from {row.candidate}, which was quarantined"
            put(one.model_copy(update={"verdict": SUSPENDED, "promoted": False, "reasons": (*one.reasons, why)}))

    def _judge(self, name: str, row: CandidateRow, against: CandidateRow) -> Scorecard:
        house = self._house
        campaign = house.archive.campaign(row.campaign)
        if campaign is None or not campaign.facts:
            raise RefusedError(RULE, f"the records of {row.campaign} are not here")
        facts = CampaignFacts.model_validate_json(campaign.facts)
        target = house.target(facts.target.name)
        request = f"{name}-c{row.number}"
        most = measuring_maximum(target)
        house.ledger.open(request, {account: SANDBOX.maximum_attempts * amount for account, amount in most.items()})
        try:
            with measuring(
                house,
                f"reevaluate-{hashlib.sha256(name.encode()).hexdigest()[:8]}",
                campaign=request,
                candidate=row.candidate,
                target=target,
                trees=(row.tree, against.tree),
                suite="visible",
                body={"tree": row.tree, "parent_tree": against.tree},
            ) as session:
                alpha = alpha_for(row.number, TOTAL_ALPHA, planned=facts.planned)
                outcome = until_decided(session, target, rule_for(target, facts.sigma), alpha)
            return card_of(target, outcome, against)
        except CandidateFault as fault:
            return Scorecard(verdict=fault.verdict, feedback=fault.feedback)
        finally:
            house.judges.close(request)


_PLANNED = ("suspended", "accepted", "target", "champion")
