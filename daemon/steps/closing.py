"""The end of a campaign: the champion against the seed on the sealed cases, the books closed, the report."""

from __future__ import annotations

import math
from dataclasses import asdict

from daemon.genomes.heldout import sealed_interval
from daemon.house import House
from daemon.records.ledger import Line
from daemon.records.rows import CandidateRow
from daemon.search.arms import arm
from daemon.search.intervals import Interval
from daemon.steps.effects import DAEMON
from daemon.steps.measuring import fixed, measuring
from daemon.steps.tally import tally
from kernels.target import Target
from sandbox.judging import CandidateFault
from workflows.models import Account, CampaignFacts, CampaignSpec, Progress
from workflows.ports import RefusedError
from workflows.reports import ArmReport, CampaignReport

PAIRS = 16
"""Pairs of the closing measurement: enough for an interval that people can read."""


def close(house: House, spec: CampaignSpec, facts: CampaignFacts, progress: Progress) -> CampaignReport:
    """Report what was reached, as measured afresh, and release everything that the campaign holds."""
    campaign = facts.campaign
    row = house.archive.campaign(campaign)
    if row is not None and row.closed is not None:
        return CampaignReport.model_validate_json(row.report)
    target = house.target(spec.target)
    winner = house.candidate(_winner(facts, progress))
    measured = _measure(house, facts, target, winner)
    for reservation in house.ledger.unsettled(campaign):
        house.ledger.settle(reservation.key, {})  # an unknown outcome counts at its maximum
    spent: dict[Account, int] = {name: line.spent for name, line in house.ledger.statement(campaign).items()}
    report = CampaignReport(
        campaign=campaign,
        target=spec.target,
        status=f"stopped:{progress.stopping or 'candidates'}",
        decided=progress.decided,
        verdicts=progress.verdicts,
        champion=winner.candidate,
        spent=spent,
        sealed_left=left(house.ledger.statement(campaign).get("sealed_queries")),
        audit_records=house.audit.size,
        governance=tally(house.settings.home / "audit", campaign),
        **_arms(house, campaign),
        **_numbers(target, measured),
    )
    house.audit.append("campaign.close", actor=DAEMON, campaign=campaign, body=report.model_dump())
    house.archive.close_campaign(campaign, report.status, report.model_dump_json())
    house.judges.close(campaign)
    house.audit.checkpoint()
    return report


def left(line: Line | None) -> int:
    """Uses of the sealed cases that policy still allows."""
    return max(0, (line.cap or 0) - line.spent - line.reserved) if line else 0


def _winner(facts: CampaignFacts, progress: Progress) -> str:
    """What was promoted in this campaign, else its best accepted candidate, else the seed."""
    return next(
        (name for name in (progress.champion, progress.best) if name and name != facts.seed_candidate),
        facts.seed_candidate,
    )


def _measure(house: House, facts: CampaignFacts, target: Target, winner: CandidateRow) -> Interval | None:
    if winner.candidate == facts.seed_candidate:
        return None
    if target.kind == "genome":
        return sealed_interval(house, winner)
    seed = house.candidate(facts.seed_candidate)
    try:
        with measuring(
            house,
            "closing",
            campaign=facts.campaign,
            candidate=winner.candidate,
            target=target,
            trees=(winner.tree, seed.tree),
            suite="sealed",
            body={"tree": winner.tree, "seed_tree": seed.tree},
        ) as session:
            outcome = fixed(session, target, PAIRS, "sealed")
        return outcome.interval
    except (CandidateFault, RefusedError) as error:
        # No number is better than an unverified one; the reason is in the audit log.
        house.audit.append(
            "campaign.close.unmeasured",
            actor=DAEMON,
            campaign=facts.campaign,
            candidate=winner.candidate,
            body={"error": str(error)[:500]},
        )
        return None


def _arms(house: House, campaign: str) -> dict[str, ArmReport | None]:
    """The control arm, where there was one, and the search at the same number of candidates."""
    members = house.populations.of(campaign)
    control = arm(members, "control")
    if control is None:
        return {}
    main = arm(members, "main", control.candidates)
    shown = {"control": control, "main": main}
    return {name: None if one is None else ArmReport(**asdict(one)) for name, one in shown.items()}


def _numbers(target: Target, measured: Interval | None) -> dict[str, float | int | None]:
    if measured is None:
        return {}
    shown = math.exp if target.metric.kind == "time" else float
    return {
        "speedup": shown(measured.mean),
        "speedup_low": None if measured.low is None else shown(measured.low),
        "speedup_high": None if measured.high is None else shown(measured.high),
        "sealed_pairs": measured.count,
    }
