"""The steps around a campaign: open, choose, stop, extend, note. Implements `CampaignPort`, with `closing.py`."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from daemon.decisions import refused
from daemon.house import House
from daemon.records.rows import CandidateRow
from daemon.repo import candidate_ref
from daemon.search.accept import alpha_for
from daemon.search.calibration import calibrate, smallest_detectable
from daemon.search.clades import Node
from daemon.search.parents import Scored, choose_parent
from daemon.search.plateau import event_of
from daemon.search.streams import stream
from daemon.steps import closing
from daemon.steps.effects import DAEMON, request
from daemon.steps.maxima import candidate_maximum
from daemon.steps.measuring import CALIBRATION_PAIRS, TOTAL_ALPHA, fixed, measuring, rule_for
from kernels.target import Target
from sandbox.judging import CandidateFault
from workflows.models import (
    Account,
    AccountLine,
    BudgetExtension,
    CampaignFacts,
    CampaignReport,
    CampaignSpec,
    Choice,
    Note,
    Progress,
    StopAnswer,
    StopQuestion,
)
from workflows.ports import RefusedError

DAY_SECONDS = 86_400


def family_of(rows: Sequence[CandidateRow]) -> list[Node]:
    """Candidates with a pass, a fail, or nothing: in flight, denied, or a fault of ours."""
    said = [(row, event_of(row.verdict)) for row in rows]
    return [Node(row.candidate, row.parent, int(event == "improved"), int(event == "unchanged")) for row, event in said]


class CampaignSteps:
    """See `workflows.ports.CampaignPort`."""

    def __init__(self, house: House, *, search_attributes: bool = False) -> None:
        self._house = house
        self._search_attributes = search_attributes

    def open(self, campaign: str, spec: CampaignSpec) -> CampaignFacts:
        """Check everything before the first cent, record the seed, measure the noise."""
        house = self._house
        target = house.target(spec.target)
        self._check_model(spec.model)
        image = house.image()
        decision = house.decide("budget", self._budget_facts(campaign, spec, "start", {}), campaign=campaign)
        if not decision.permitted:
            raise refused(decision)
        caps: dict[Account, int] = {**decision.require.get("caps", {}), **spec.budget.amounts()}
        caps["candidates"] = spec.candidates
        told = {"spec": spec.model_dump(mode="json", exclude={"carried"}), "decision": decision.decision_id}
        house.audit.append("campaign.open.intent", actor=spec.started_by or DAEMON, campaign=campaign, body=told)
        row = house.archive.open_campaign(campaign, spec.target, spec.model_dump_json(exclude={"carried"}), "")
        if row.facts:
            return CampaignFacts.model_validate_json(row.facts)
        house.ledger.open(campaign, caps)
        seed = self._add_seed(campaign, target, row.opened)
        sigma = self._calibrate(campaign, target, seed)
        rule = rule_for(target, sigma)
        detectable = smallest_detectable(rule, alpha_for(1, TOTAL_ALPHA, planned=spec.candidates))
        facts = CampaignFacts(
            campaign=campaign,
            target=target.facts(),
            seed_candidate=seed.candidate,
            image=image,
            policy_revision=decision.revision,
            genome=house.trees.import_folder(house.settings.agent),
            patience=spec.patience or int(decision.require.get("patience", 20)),
            caps=caps,
            planned=spec.candidates,
            sigma=sigma,
            detectable=detectable if math.isfinite(detectable) else None,
            search_attributes=self._search_attributes,
        )
        house.audit.append("campaign.open.outcome", actor=DAEMON, campaign=campaign, body=facts.model_dump())
        row = house.archive.settle_facts(campaign, facts.model_dump_json())
        return CampaignFacts.model_validate_json(row.facts)

    def choose(self, spec: CampaignSpec, facts: CampaignFacts, number: int) -> Choice:
        """Draw the parent and reserve the candidate's place. The archive keeps the choice: asking twice is harmless."""
        house, candidate = self._house, f"{facts.campaign}-c{number}"
        row = house.archive.get(candidate)
        if row is None:
            asked = candidate_maximum(house.target(spec.target))
            question = self._budget_facts(facts.campaign, spec, "candidate", {**asked, "candidates": 1})
            decision = house.decide("budget", question, campaign=facts.campaign, candidate=candidate)
            if not decision.permitted:
                raise refused(decision)
            house.ledger.reserve(facts.campaign, f"{candidate}/place", {"candidates": 1})
            house.ledger.settle(f"{candidate}/place", {"candidates": 1})
            counts = house.archive.children_counts(facts.campaign)
            scored = [
                Scored(one.candidate, one.score, counts.get(one.candidate, 0))
                for one in house.archive.scored(facts.campaign)
                if one.score is not None
            ]
            draw = stream(spec.seed, "parent", facts.campaign, number)
            family = family_of(house.archive.candidates(facts.campaign)) if spec.strategy == "clade" else ()
            parent = choose_parent(spec.strategy, scored, facts.seed_candidate, draw, family)
            row = house.archive.put(
                CandidateRow(
                    campaign=facts.campaign,
                    number=number,
                    candidate=candidate,
                    parent=parent,
                    model=spec.model,
                    genome=facts.genome,
                )
            )
            house.audit.append(
                "candidate.chosen",
                actor=DAEMON,
                campaign=facts.campaign,
                candidate=candidate,
                body={"parent": parent, "model": spec.model, "decision": decision.decision_id},
                durable=False,
            )
        seed = stream(spec.seed, "candidate", number).getrandbits(31)
        return Choice(number=number, candidate=candidate, parent=row.parent, model=row.model, seed=seed)

    def stop(self, question: StopQuestion) -> StopAnswer:
        """Ask the decision `stop`; not permitted means stop."""
        house, spec, progress = self._house, question.spec, question.progress
        accounts = self._accounts(question.campaign)
        answer = house.decide(
            "stop",
            {
                "campaign": question.campaign,
                "decided": progress.next_number - 1,
                "candidates": spec.candidates,
                "verdicts": progress.verdicts,
                "since_accepted": progress.since_accepted,
                "patience": question.facts.patience,
                "crash_streak": progress.crash_streak,
                "denial_streak": progress.denial_streak,
                "best_score": progress.best_score,
                "target_score": spec.target_score,
                "wall_seconds": question.wall_seconds,
                "wall_cap": spec.budget.wall_seconds,
                "accounts": accounts,
                "requested": bool(progress.stopping),
            },
            campaign=question.campaign,
        )
        lines = {name: AccountLine(**line) for name, line in accounts.items()}
        if answer.permitted:
            return StopAnswer(stop=False, accounts=lines)
        first = answer.deny[0] if answer.deny else None
        reason = (first.word or first.code) if first else "policy"
        return StopAnswer(stop=True, reason=reason, detail=first.msg if first else "", accounts=lines)

    def extend(self, campaign: str, extension: BudgetExtension) -> dict[str, int]:
        """Raise caps when policy permits it; the same request twice counts once."""
        house = self._house
        spec = self._spec(campaign)
        add = extension.add.amounts()
        question = self._budget_facts(campaign, spec, "extend", add) | {"by": extension.by}
        decision = house.decide("budget", question, campaign=campaign)
        if not decision.permitted:
            raise refused(decision)
        key = f"{campaign}/extend/{request()}"
        body = {"add": add, "reason": extension.reason, "decision": decision.decision_id}
        house.audit.append("budget.extend", actor=extension.by, campaign=campaign, body=body)
        return {name: line.cap for name, line in house.ledger.extend(campaign, add, key=key).items()}

    def note(self, campaign: str, note: Note) -> None:
        """Keep it in the archive and the audit log."""
        self._house.audit.append(
            "note", actor=note.by or "someone", campaign=campaign, candidate=note.candidate, body={"text": note.text}
        )
        self._house.archive.add_note(campaign, key=request(), actor=note.by, body=note.text, candidate=note.candidate)

    def close(self, spec: CampaignSpec, facts: CampaignFacts, progress: Progress) -> CampaignReport:
        """See `closing.close`."""
        return closing.close(self._house, spec, facts, progress)

    # -- parts ---------------------------------------------------------------------------------------------------

    def _check_model(self, model: str) -> None:
        catalogue = self._house.settings.catalogue
        if catalogue.find(model) is None:
            known = ", ".join(("ratchet/tuner", *(entry.name for entry in catalogue.models)))
            raise RefusedError("MODEL", f"model {model!r} is not in ratchet.toml; there are: {known}")

    def _spec(self, campaign: str) -> CampaignSpec:
        row = self._house.archive.campaign(campaign)
        if row is None:
            raise RefusedError("ARCHIVE", f"campaign {campaign!r} is not in the archive")
        return CampaignSpec.model_validate_json(row.spec)

    def _accounts(self, campaign: str) -> dict[str, dict[str, int]]:
        return {name: line._asdict() for name, line in self._house.ledger.statement(campaign).items()}

    def _budget_facts(
        self, campaign: str, spec: CampaignSpec, action: str, asked: dict[Account, int]
    ) -> dict[str, Any]:
        return {
            "campaign": campaign,
            "action": action,
            "target": spec.target,
            "model": spec.model,
            "asked": {**(spec.budget.amounts() if action == "start" else {}), **asked},
            "accounts": self._accounts(campaign),
            "day": dict(self._house.ledger.spent_since(time.time() - DAY_SECONDS)),
            "by": spec.started_by,
            "in_flight": spec.in_flight,
        }

    def _add_seed(self, campaign: str, target: Target, opened: float) -> CandidateRow:
        house, candidate = self._house, f"{campaign}-c0"
        row = house.archive.get(candidate)
        if row is not None:
            return row
        tree = house.trees.import_folder(target.seed_folder)
        ref = candidate_ref(campaign, 0)
        commit = house.trees.commit(tree, [], f"{campaign}: seed of {target.name}\n", ref, when=int(opened))
        return house.archive.add_seed(campaign, candidate, tree=tree, commit=commit, ref=ref)

    def _calibrate(self, campaign: str, target: Target, seed: CandidateRow) -> float:
        """Noise of one run: the seed against itself."""
        try:
            with measuring(
                self._house,
                "calibrate",
                campaign=campaign,
                candidate=seed.candidate,
                target=target,
                trees=(seed.tree, seed.tree),
                suite="visible",
                body={"tree": seed.tree},
            ) as session:
                outcome = fixed(session, target, CALIBRATION_PAIRS, "visible")
        except CandidateFault as fault:
            told = f"the seed of {target.name} fails its own judge: {fault.verdict}: {fault.feedback}"
            raise RefusedError("TARGET", f"{told}; {fault.log[-1000:]}".strip("; ")) from fault
        return calibrate(outcome.gains)
