"""Step 9: the archive's final row, the audit record, the metrics."""

from __future__ import annotations

from daemon.genomes import rollout
from daemon.house import House
from daemon.records.rows import RECORDED, CandidateRow
from daemon.records.soundness import out_of_use
from daemon.steps.effects import recorded
from daemon.steps.reviewing import objection
from daemon.steps.text import plain
from workflows.models import ACCOUNTS, CandidateOutcome, CandidateSpec, Commit, Edit, Promotion, Proposal, Scorecard

ANCESTRY = 32


def record(
    house: House,
    spec: CandidateSpec,
    proposal: Proposal,
    edit: Edit,
    commit: Commit | None,
    card: Scorecard,
    promotion: Promotion | None,
) -> CandidateOutcome:
    """Everything about a decided candidate, written once however often it is asked."""
    choice = spec.choice
    row = house.candidate(choice.candidate)
    if out_of_use(row.verdict):  # found unsound, or made from such, while it waited
        card = card.model_copy(update={"verdict": row.verdict, "score": row.score})
    promoted = promotion is not None and promotion.status == "promoted"
    reasons = (*edit.reasons, *(promotion.reasons if promotion else ()))
    if card.verdict.startswith("inconclusive") and card.feedback:
        reasons = (*reasons, card.feedback[:500])
    if flagged := objection(house, choice.candidate):
        reasons = (*reasons, flagged)
    spent = house.ledger.spent_under(f"{choice.candidate}/")
    measured = card.model_dump(include={"verdict", "score", "gain", "low", "high", "pairs", "e_value", "threshold"})
    fresh = row.model_copy(
        update={
            **measured,
            "reasons": reasons,
            "hypothesis": row.hypothesis or plain(proposal.hypothesis),
            "feedback": card.feedback,
            "log": card.log,
            "bundle": proposal.bundle,
            "decision_id": edit.decision_id,
            "promoted": promoted,
            "spent": {str(account): amount for account, amount in spent.items()},
        }
    )
    repeated = fresh.model_dump(exclude={"created", "updated"}) == row.model_dump(exclude={"created", "updated"})
    known = (repeated and RECORDED in row.times) or recorded(
        house, "candidate.decided", spec.campaign, choice.candidate
    )
    if not known:
        house.audit.append(
            "candidate.decided",
            actor="daemon",
            campaign=spec.campaign,
            candidate=choice.candidate,
            body={
                **measured,
                "parent": choice.parent,
                "tree": edit.tree,
                "commit": commit.commit if commit else "",
                "promoted": promoted,
                "reasons": list(reasons),
                "decision": edit.decision_id,
                "model": choice.model,
                "genome": spec.facts.genome,
                "spent": spent,
            },
        )
        house.metrics.candidate_decided(card.verdict, spec.facts.target.metric_kind)
    house.holds.end(choice.candidate)
    fresh = house.archive.put(fresh.model_copy(update={"times": {**row.times, RECORDED: row.updated}}))
    rollout.review(house)
    return outcome(house, fresh)


def outcome(house: House, row: CandidateRow) -> CandidateOutcome:
    """The row as the campaign sees it."""
    shown = row.model_dump(
        include={"number", "candidate", "parent", "verdict", "score", "gain", "low", "high", "pairs", "promoted"}
    )
    ancestry = tuple(one.candidate for one in house.archive.lineage(row.candidate)[1 : ANCESTRY + 1])
    return CandidateOutcome(
        **shown,
        hypothesis=row.hypothesis[:200],
        reasons=tuple(reason[:300] for reason in row.reasons[:5]),
        ancestry=ancestry,
        spent={account: row.spent[account] for account in ACCOUNTS if account in row.spent},
    )
