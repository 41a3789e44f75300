"""Pure views of a campaign's progress: counting, the status document, the live page."""

from __future__ import annotations

import math
from typing import Any

from workflows.forecast import added, forecast
from workflows.models import CampaignFacts, CampaignSpec, CandidateOutcome, Hold, Progress
from workflows.reports import CampaignReport

CRASHES = ("killed", "quarantined")
LEADERS = 10


def counted(progress: Progress, outcome: CandidateOutcome) -> Progress:
    """Progress after one more decided candidate. Inconclusive ones are our fault and count towards no streak."""
    word = outcome.verdict.split(":", 1)[0]
    changes: dict[str, Any] = {
        "decided": progress.decided + 1,
        "costs": added(progress.costs, outcome.spent),
        "verdicts": {**progress.verdicts, word: progress.verdicts.get(word, 0) + 1},
    }
    if word != "inconclusive":
        changes["crash_streak"] = progress.crash_streak + 1 if word in CRASHES else 0
        changes["denial_streak"] = progress.denial_streak + 1 if word == "denied" else 0
        changes["since_accepted"] = 0 if word == "accepted" else progress.since_accepted + 1
    if word == "accepted" and outcome.score is not None:
        leaders = sorted((*progress.leaders, outcome), key=lambda row: row.score or 0.0, reverse=True)
        changes["leaders"] = tuple(leaders[:LEADERS])
        if progress.best_score is None or outcome.score > progress.best_score:
            changes |= {"best": outcome.candidate, "best_score": outcome.score}
    if outcome.promoted:
        changes["champion"] = outcome.candidate
    return progress.model_copy(update=changes)


def state_word(status: dict[str, Any]) -> str:
    """`running`, `paused`, `holding` or `stopping`."""
    return str(status["status"])


def status(
    campaign: str,
    spec: CampaignSpec,
    facts: CampaignFacts | None,
    progress: Progress,
    running: int,
    holds: dict[str, Hold],
    now: float,
) -> dict[str, Any]:
    """The answer of the query `status`; also what the live page is drawn from."""
    elapsed = max(now - progress.started, 0.0)
    remaining = max(spec.candidates - progress.decided, 0)
    word = "stopping" if progress.stopping else "paused" if progress.paused else "running"
    if holds and len(holds) == running and word == "stopping":
        word = "holding"
    return {
        "campaign": campaign,
        "target": spec.target,
        "model": spec.model,
        "metric_kind": facts.target.metric_kind if facts else None,
        "detectable": facts.detectable if facts else None,
        "status": word,
        "decided": progress.decided,
        "candidates": spec.candidates,
        "in_flight": running,
        "verdicts": progress.verdicts,
        "best": progress.best,
        "best_score": progress.best_score,
        "champion": progress.champion,
        "spent": {name: line.model_dump() for name, line in progress.accounts.items()},
        "sealed_left": sealed_left(progress),
        "forecast": {
            name: line.model_dump()
            for name, line in forecast(facts.forecast if facts else {}, progress, spec.candidates).items()
        },
        "elapsed_seconds": round(elapsed, 1),
        "eta_seconds": round(elapsed / progress.decided * remaining, 1) if progress.decided else None,
        "paused": progress.paused,
        "stopping": progress.stopping,
        "stopping_detail": progress.stopping_detail,
        "holds": hold_rows(holds, now),
        "notes": list(progress.notes),
    }


def ended(report: CampaignReport) -> dict[str, Any]:
    """What an ended campaign's status says instead of its forecast."""
    return {"status": report.status, "eta_seconds": 0.0, "forecast": {}, "report": report.model_dump()}


def hold_rows(holds: dict[str, Hold], now: float) -> list[dict[str, Any]]:
    """Holds, oldest first, with age and time left in seconds."""
    return [
        {**hold.model_dump(), "age_seconds": round(now - hold.since), "left_seconds": round(hold.expires - now)}
        for hold in sorted(holds.values(), key=lambda hold: hold.since)
    ]


def live_page(status: dict[str, Any]) -> str:
    """Markdown for `temporal workflow metadata` and Temporal's page."""
    lines = [
        f"# {status['campaign']}: {status['status']}",
        "",
        f"Target **{status['target']}**, model `{status['model']}`.",
        "",
        f"- decided: {status['decided']} of {status['candidates']}, {status['in_flight']} in flight",
        f"- best: `{status['best']}` {scored(status['best_score'], status['metric_kind'])}; "
        f"champion `{status['champion']}`",
        f"- smallest gain that can be found here: {gained(status['detectable'], status['metric_kind'])}",
        f"- verdicts: {_counts(status['verdicts'])}",
        f"- elapsed: {status['elapsed_seconds']} s, about {_number(status['eta_seconds'])} s to go",
    ]
    if status["stopping"]:
        lines.append(f"- stopping: {status['stopping']}. {status['stopping_detail']}".rstrip())
    for hold in status["holds"]:
        needs = f"{len(hold['given'])} of {hold['approvals_needed']} approvals"
        if hold["kind"] == "override":
            needs = f"an override of {', '.join(hold['codes'])}"
        lines.append(f"- **waits for a person**: `{hold['candidate']}`, {needs}, {hold['left_seconds']} s left")
    if status["spent"]:
        lines += ["", "| account | spent | reserved | cap | at the end, likely |", "| --- | --- | --- | --- | --- |"]
        lines += [
            f"| {name} | {line['spent']} | {line['reserved']} | {'none' if line['cap'] is None else line['cap']} "
            f"| {_likely(status['forecast'].get(name))} |"
            for name, line in sorted(status["spent"].items())
        ]
    return "\n".join(lines)


def scored(score: float | None, kind: str | None) -> str:
    """A score in words: time targets' scores are logarithms of the speed-up over the seed."""
    if score is None:
        return "not yet measured"
    return f"{math.exp(score):.2f}x as fast as the seed" if kind == "time" else f"score {score:.6g}"


def sealed_left(progress: Progress) -> int | None:
    """Uses of the sealed cases that policy still allows; None before the books are open."""
    line = progress.accounts.get("sealed_queries")
    return None if line is None else max(0, (line.cap or 0) - line.spent - line.reserved)


def gained(gain: float | None, kind: str | None) -> str:
    """A gain in words."""
    if gain is None:
        return "unknown"
    return f"{math.expm1(gain):.1%} faster" if kind == "time" else f"{gain:.6g}"


def closing_page(report: CampaignReport) -> str:
    """The page that stays when a campaign has ended."""
    return "\n".join(
        [
            f"# {report.campaign}: {report.status}",
            "",
            f"- champion: `{report.champion}`",
            f"- over the seed, sealed cases: {_number(report.speedup)} "
            f"({_number(report.speedup_low)} to {_number(report.speedup_high)})",
            f"- uses of the sealed cases left: {report.sealed_left}",
            f"- decided: {report.decided}; verdicts: {_counts(report.verdicts)}",
            *([f"- governed: {told}"] if (told := governed(report.governance)) else []),
            *_beside_sampling(report),
        ]
    )


def governed(counts: dict[str, int]) -> str:
    """What rules found and people answered, without the zeros; empty when there was nothing."""
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _likely(line: dict[str, Any] | None) -> str:
    return "" if line is None else f"{line['expected']} ({line['low']} to {line['high']})"


def _beside_sampling(report: CampaignReport) -> list[str]:
    """The search beside its control arm, where there was one."""
    if report.control is None or report.main is None:
        return []
    main, control = report.main, report.control
    return [
        f"- best of {main.candidates} by the search: {_number(main.score)} ({main.accepted} accepted); "
        f"of {control.candidates} sampled: {_number(control.score)} ({control.accepted} accepted)"
    ]


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _counts(verdicts: dict[str, int]) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(verdicts.items())) or "none yet"
