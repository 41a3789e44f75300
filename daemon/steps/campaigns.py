"""The steps around a campaign: open, choose, stop, extend, note. Implements `CampaignPort`, with `closing.py`."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from typing import Any

from daemon.cli.checks import Finding, examine
from daemon.decisions import refused
from daemon.gate import Decision
from daemon.genomes.current import agent_in_use, agents_in_use
from daemon.genomes.scoring import measure_seed
from daemon.gpus.lending import none_at_all
from daemon.house import House
from daemon.records.canonical import canonical
from daemon.records.rows import CandidateRow
from daemon.repo import candidate_ref
from daemon.search.accept import alpha_for
from daemon.search.calibration import calibrate, smallest_detectable
from daemon.steps import choosing, closing, holds, integrity, receiving
from daemon.steps.budgets import accounts, budget_facts, check_models, models_of
from daemon.steps.effects import DAEMON, attempt, request
from daemon.steps.fitness import require_fit
from daemon.steps.forecasts import opening_forecast
from daemon.steps.likeness import likeness
from daemon.steps.measuring import CALIBRATION_PAIRS, TOTAL_ALPHA, fixed, measuring, rule_for
from daemon.steps.models import may_use
from kernels.genome_target import GenomeTarget
from kernels.target import Target
from sandbox.judging import CandidateFault
from workflows.models import (
    Account,
    AccountLine,
    CampaignFacts,
    CampaignSpec,
    Choice,
    Hold,
    Progress,
    StopAnswer,
    StopQuestion,
)
from workflows.outside import Submission
from workflows.people import Approval, BudgetExtension, Escalation, Note, Override
from workflows.ports import HoldAction, InfrastructureError, RefusedError
from workflows.reports import CampaignReport

BUSY = ("quarantined:background-work", "killed:timeout")
"""What a seed is said to have done when the host had no time for it."""
BUSY_ATTEMPTS = 8
"""After this many it is the seed after all."""
HOUR_SECONDS = 3600


class CampaignSteps:
    """See `workflows.ports.CampaignPort`."""

    def __init__(self, house: House, *, search_attributes: bool = False) -> None:
        self._house = house
        self._search_attributes = search_attributes

    def open(self, campaign: str, spec: CampaignSpec) -> CampaignFacts:
        """Check everything before the first cent, record the seed, measure the noise."""
        house = self._house
        known = house.archive.campaign(campaign)
        if known is not None and known.facts:
            return CampaignFacts.model_validate_json(known.facts)
        target = house.target(spec.target)
        check_models(house, spec)
        if target.device is not None and not house.gpus.devices(target.device.vendors):
            raise RefusedError("NO-DEVICE", none_at_all(target.device.vendors, ()))
        image = house.image()
        findings = examine(house.settings)
        decision = self._may_start(campaign, spec, findings)
        caps: dict[Account, int] = {**decision.require.get("caps", {}), **spec.budget.amounts()}
        caps["candidates"] = spec.candidates
        told = {"spec": spec.model_dump(mode="json", exclude={"carried"}), "decision": decision.decision_id}
        house.audit.append("campaign.open.intent", actor=spec.started_by or DAEMON, campaign=campaign, body=told)
        row = house.archive.open_campaign(campaign, spec.target, spec.model_dump_json(exclude={"carried"}), "")
        house.ledger.open(campaign, caps)
        require_fit(house, campaign, target, image)
        seed = self._add_seed(campaign, target, row.opened)
        sigma, detectable = self._noise(campaign, spec, target, seed, image)
        facts = CampaignFacts(
            campaign=campaign,
            target=target.facts(),
            seed_candidate=seed.candidate,
            image=image,
            policy_revision=decision.revision,
            **agents_in_use(house),
            patience=spec.patience or int(decision.require.get("patience", 20)),
            caps=caps,
            planned=spec.candidates,
            sigma=sigma,
            forecast=opening_forecast(house, target, spec),
            doctor=house.blobs.put(canonical([asdict(finding) for finding in findings])),
            detectable=detectable,
            search_attributes=self._search_attributes,
        )
        house.audit.append("campaign.open.outcome", actor=DAEMON, campaign=campaign, body=facts.model_dump())
        house.earlier.begin(campaign)
        row = house.archive.settle_facts(campaign, facts.model_dump_json())
        return CampaignFacts.model_validate_json(row.facts)

    def choose(
        self, spec: CampaignSpec, facts: CampaignFacts, number: int, submission: Submission | None = None
    ) -> Choice:
        """See `choosing.choose`."""
        return choosing.choose(self._house, spec, facts, number, submission)

    def receive(self, campaign: str, submission: Submission) -> None:
        """See `receiving.receive`."""
        receiving.receive(self._house, campaign, submission)

    def stop(self, question: StopQuestion) -> StopAnswer:
        """Ask the decision `stop`; not permitted means stop."""
        house, spec, progress = self._house, question.spec, question.progress
        ledger = accounts(house, question.campaign)
        lines = {name: AccountLine(**line) for name, line in ledger.items()}
        if halted := integrity.halted(house, question.facts):
            return StopAnswer(stop=True, reason="manifest", detail=halted, accounts=lines)
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
                "accounts": ledger,
                "requested": bool(progress.stopping),
                "hour": house.ledger.spent_since(time.time() - HOUR_SECONDS, campaign=question.campaign),
            },
            campaign=question.campaign,
        )
        if answer.permitted:
            return StopAnswer(stop=False, accounts=lines, in_flight=answer.require.get("in_flight"))
        first = answer.deny[0] if answer.deny else None
        reason = (first.word or first.code) if first else "policy"
        return StopAnswer(stop=True, reason=reason, detail=first.msg if first else "", accounts=lines)

    def extend(self, campaign: str, extension: BudgetExtension) -> dict[str, int]:
        """Raise caps when policy permits it; the same request twice counts once."""
        house = self._house
        spec = house.campaign_spec(campaign)
        add = extension.add.amounts()
        question = budget_facts(house, campaign, spec, "extend", add) | {"by": extension.by}
        decision = house.decide("budget", question, campaign=campaign)
        if not decision.permitted:
            raise refused(decision)
        key = f"{campaign}/extend/{request()}"
        body = {"add": add, "reason": extension.reason, "decision": decision.decision_id}
        self._tell_once("budget.extend", key, actor=extension.by, campaign=campaign, body=body)
        return {name: line.cap for name, line in house.ledger.extend(campaign, add, key=key).items()}

    def answer(self, campaign: str, hold: Hold, action: HoldAction, given: Override | Escalation | Approval) -> str:
        """See `holds.answer`."""
        return holds.answer(self._house, campaign, hold, action, given)

    def note(self, campaign: str, note: Note) -> None:
        """Keep it in the archive and the audit log."""
        key = request()
        names = {"actor": note.by or "someone", "campaign": campaign, "candidate": note.candidate}
        self._tell_once("note", key, body={"text": note.text}, **names)
        self._house.archive.add_note(campaign, key=key, actor=note.by, body=note.text, candidate=note.candidate)

    def close(self, spec: CampaignSpec, facts: CampaignFacts, progress: Progress) -> CampaignReport:
        """See `closing.close`."""
        return closing.close(self._house, spec, facts, progress)

    # -- parts ---------------------------------------------------------------------------------------------------

    def _tell_once(self, kind: str, key: str, **what: Any) -> None:
        if self._house.once.get(kind, key) is None:
            record = self._house.audit.append(kind, **what)
            self._house.once.keep(kind, key, str(record.seq))

    def _may_start(self, campaign: str, spec: CampaignSpec, findings: list[Finding]) -> Decision:
        """The gate's yes for each of the models, on this machine. Raises RefusedError with its no."""
        weak = [{"check": one.check, "found": one.found[:500]} for one in findings if one.grade != "ok"]
        for model in dict.fromkeys((*models_of(spec), *spec.roles.values())):
            question = budget_facts(self._house, campaign, spec, "start", {}, model=model) | {"weaknesses": weak[:100]}
            decision = self._house.decide("budget", question, campaign=campaign)
            if not decision.permitted:
                raise refused(decision)
            may_use(self._house, campaign, spec.target, model)
        return decision

    def _add_seed(self, campaign: str, target: Target, opened: float) -> CandidateRow:
        house, candidate = self._house, f"{campaign}-c0"
        row = house.archive.get(candidate)
        if row is not None:
            return row
        genome = isinstance(target, GenomeTarget)
        tree = agent_in_use(house) if genome else house.trees.import_folder(target.seed_folder)
        ref = candidate_ref(campaign, 0)
        commit = house.trees.commit(tree, [], f"{campaign}: seed of {target.name}\n", ref, when=int(opened))
        seed = house.archive.add_seed(campaign, candidate, tree=tree, commit=commit, ref=ref)
        like = likeness(house.trees, tree, tree)
        return house.archive.put(seed.model_copy(update=like._asdict()))

    def _noise(
        self, campaign: str, spec: CampaignSpec, target: Target, seed: CandidateRow, image: str
    ) -> tuple[float, float | None]:
        """Noise of one run, and the smallest gain that a candidate can be accepted for (None: none can)."""
        if isinstance(target, GenomeTarget):
            return 0.0, measure_seed(self._house, spec, target, seed, image)
        sigma = self._calibrate(campaign, target, seed)
        alpha = alpha_for(1, TOTAL_ALPHA, planned=spec.candidates)
        smallest = smallest_detectable(rule_for(target, sigma), alpha)
        return sigma, smallest if math.isfinite(smallest) else None

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
            if fault.verdict in BUSY and attempt() <= BUSY_ATTEMPTS:
                raise InfrastructureError(
                    f"judge: the host is too busy to measure noise: {fault.log[-500:]}"
                ) from fault
            told = f"the seed of {target.name} fails its own judge: {fault.verdict}: {fault.feedback}"
            raise RefusedError("TARGET", f"{told}; {fault.log[-1000:]}".strip("; ")) from fault
        return calibrate(outcome.gains)
