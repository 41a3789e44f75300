"""Steps 7 and 8: policy, perhaps a person, a fresh re-measure on the sealed cases, and the pointer's move."""

from __future__ import annotations

import time
from typing import Any

from daemon import approvals
from daemon.gate import Decision
from daemon.house import House
from daemon.records.soundness import out_of_use
from daemon.search.intervals import Interval, mean_interval
from daemon.standing import starter
from daemon.steps import holds
from daemon.steps.effects import DAEMON, told
from daemon.steps.measuring import fixed, measuring
from daemon.steps.reviewing import lowered, objection
from kernels.target import Target
from sandbox.judging import CandidateFault
from workflows.models import CandidateSpec, Edit, Hold, Promotion, Scorecard
from workflows.people import EXPIRY, Approval

ROUNDS = 3
"""Fresh containers and new inputs for each: a lucky run does not repeat."""
PAIRS = 6
"""Pairs of one round."""
EVIDENCE = {"verdict", "gain", "low", "high", "pairs", "e_value", "threshold"}


def promote(house: House, spec: CandidateSpec, edit: Edit, card: Scorecard, given: list[Approval]) -> Promotion:
    """Ask first, measure then, ask again with the sealed evidence, and only then move the pointer."""
    target = house.target(spec.facts.target.name)
    row = house.candidate(spec.choice.candidate)
    champion = house.candidate(house.archive.champion(target.name) or spec.facts.seed_candidate)
    if row.promoted or champion.candidate == row.candidate:
        return _moved(house, spec)
    if card.score is None or (champion.score is not None and card.score <= champion.score):
        return Promotion(status="not-better", reasons=(f"its score does not pass that of {champion.candidate}",))
    if out_of_use(row.verdict):
        return Promotion(status="refused", reasons=(f"it is {row.verdict}",))
    question = Question(house, spec, edit, card, given)
    first = lowered(question.ask({"status": "pending"}), objection(house, row.candidate), question.signed)
    if not first.permitted:
        return question.answer(first)
    sealed = _remeasure(house, spec, target, edit.tree, champion.tree)
    if isinstance(sealed, str):
        return Promotion(status="refused", reasons=(f"on the sealed cases: {sealed}",))
    numbers = {"gain": sealed.mean, "low": sealed.low, "high": sealed.high}
    second = question.ask({"status": "done", "rounds": ROUNDS, **numbers})
    if not second.permitted:
        return question.answer(second)
    if out_of_use(house.candidate(row.candidate).verdict):
        return Promotion(status="refused", reasons=("it was taken out of use meanwhile",))
    names: dict[str, Any] = {"campaign": spec.campaign, "candidate": row.candidate}
    body = {"previous": champion.candidate, "decision": second.decision_id, **numbers}
    house.audit.append("promote.intent", actor=DAEMON, body=body, **names)
    previous = house.archive.champion(target.name) or ""
    house.archive.promote(
        target.name, row.candidate, actor=question.actor, decision_id=second.decision_id, previous=previous
    )
    return _moved(house, spec)


def _moved(house: House, spec: CandidateSpec) -> Promotion:
    """The pointer is moved: keep the numbers that its intent recorded, and say so once, whichever attempt moved it."""
    names: dict[str, Any] = {"campaign": spec.campaign, "candidate": spec.choice.candidate}
    known = told(house, spec.choice.candidate)
    body = known["promote.intent"]
    measured = {f"sealed_{name}": body[name] for name in ("gain", "low", "high")} | {"sealed_pairs": ROUNDS * PAIRS}
    house.archive.put(house.candidate(spec.choice.candidate).model_copy(update={**measured, "promoted": True}))
    if "promote.outcome" not in known:
        house.audit.append("promote.outcome", actor=DAEMON, body=body, **names)
    return Promotion(status="promoted", gain=body["gain"], low=body["low"], high=body["high"])


def reject(house: House, spec: CandidateSpec, approval: Approval) -> None:
    """Record a person's no, or that nobody answered, and let nobody wait for it any more."""
    house.holds.end(spec.choice.candidate)
    house.metrics.hold_answer("expired" if approval.by == EXPIRY else "reject")
    house.audit.append(
        "hold.rejected",
        actor=approval.by,
        campaign=spec.campaign,
        candidate=spec.choice.candidate,
        body={"reason": approval.reason},
    )


class Question:
    """The decision `promote` about one candidate, with the approvals given so far."""

    def __init__(self, house: House, spec: CandidateSpec, edit: Edit, card: Scorecard, given: list[Approval]) -> None:
        self._house, self._spec, self._card = house, spec, card
        self._tree, self._started_by = edit.tree, starter(house.archive, spec.campaign)
        # Verified anew at each question: a key may have been struck off since.
        self._checked = [self._check(one) for one in given]

    @property
    def actor(self) -> str:
        """Who made the promotion happen: the approvers, or the daemon under policy alone."""
        return ", ".join(one.by for one in self._checked if one.verified) or DAEMON

    @property
    def signed(self) -> bool:
        """Whether somebody who did not start the campaign has signed, whatever policy asks for."""
        return any(one.verified and one.by != self._started_by for one in self._checked)

    def ask(self, sealed: dict[str, Any]) -> Decision:
        """One question to the gate."""
        facts, spec = self._spec.facts, self._spec
        return holds.ask(
            self._house,
            "promote",
            {
                "campaign": spec.campaign,
                "candidate": spec.choice.candidate,
                "target": {"name": facts.target.name, "kind": facts.target.kind, "integrity": facts.target.integrity},
                "evidence": {
                    **self._card.model_dump(include=EVIDENCE),
                    "manifest_intact": self._house.target(facts.target.name).manifest() == facts.target.manifest,
                },
                "sealed": {"gain": None, "low": None, "high": None, "rounds": 0, **sealed},
                "approvals": [{"by": one.by, "verified": one.verified} for one in self._checked],
                "escalations": holds.escalations(self._house, spec.choice.candidate),
                "started_by": self._started_by,
            },
            spec,
        )

    def answer(self, decision: Decision) -> Promotion:
        """A hold where only people are missing, else a final no."""
        denials = tuple(f"{finding.code}: {finding.msg}" for finding in decision.deny)
        wanted = int(decision.require.get("approvals", 0) or 0)
        if denials or not wanted:
            return Promotion(status="refused", reasons=denials or ("the policy does not permit it",))
        candidate = self._spec.choice.candidate
        expires = holds.expiry(self._house, candidate, float(decision.require.get("expires_seconds", 0)))
        signers = tuple(str(name) for name in decision.require.get("signers", ()))
        roles = tuple(str(role) for role in decision.require.get("roles", ()))
        problems = tuple(f"{one.by}: {one.problem}" for one in self._checked if not one.verified)
        told = f"policy asks for {wanted} signed approval(s)" + (f" by {', '.join(roles)}" if roles else "")
        hold = Hold(
            candidate=candidate,
            reasons=(f"{told}; {len(signers)} given", *problems),
            statement=self._text(expires),
            approvals_needed=wanted,
            given=signers,
            roles=roles,
            since=time.time(),
            expires=expires,
        )
        holds.show(self._house, self._spec.campaign, hold)
        return Promotion(status="hold", reasons=hold.reasons, hold=hold)

    def _text(self, expires: float) -> str:
        return approvals.statement(
            action="promote",
            campaign=self._spec.campaign,
            candidate=self._spec.choice.candidate,
            tree=self._tree,
            verdict=self._card.verdict,
            expires=expires,
        )

    def _check(self, approval: Approval) -> approvals.Checked:
        expires = holds.expiry(self._house, approval.candidate, 0.0)
        signers = self._house.settings.signers
        if time.time() > expires:
            checked = approvals.Checked(approval.by, False, "the hold has expired")
        else:
            checked = approvals.check(self._text(expires), approval.by, approval.signature, signers)
        self._house.metrics.hold_answer("approve" if checked.verified else "refused")
        self._house.audit.append(
            "hold.approved" if checked.verified else "hold.approval.refused",
            actor=approval.by,
            campaign=self._spec.campaign,
            candidate=self._spec.choice.candidate,
            body={"problem": checked.problem, "reason": approval.reason},
        )
        return checked


def _remeasure(house: House, spec: CandidateSpec, target: Target, tree: str, champion_tree: str) -> Interval | str:
    """Candidate against champion on the sealed cases, each round in fresh containers; or the verdict of its fault."""
    gains: list[float] = []
    try:
        for turn in range(1, ROUNDS + 1):
            with measuring(
                house,
                f"sealed-{turn}",
                campaign=spec.campaign,
                candidate=spec.choice.candidate,
                target=target,
                trees=(tree, champion_tree),
                suite="sealed",
                body={"tree": tree, "champion_tree": champion_tree},
            ) as session:
                gains += fixed(session, target, PAIRS, "sealed").gains
    except CandidateFault as fault:
        return fault.verdict
    return mean_interval(gains)
