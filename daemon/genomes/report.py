"""What a person reads before signing for a new version of the agent: markdown in plain words, kept as a blob."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from daemon.genomes.heldout import HeldOut
from daemon.genomes.scoring import campaign_spec, spent_by
from daemon.house import House
from daemon.records.lookup import of_candidate
from daemon.records.rows import CandidateRow
from daemon.search.paired import Paired, gain_interval, sign_test
from daemon.steps.reviewing import objection
from workflows.models import CandidateSpec, Edit, Scorecard

DIFF_CHARS = 40_000


def write(house: House, spec: CandidateSpec, edit: Edit, card: Scorecard, found: HeldOut) -> str:
    """The whole report. Text that a model wrote stands in quoted or fenced parts."""
    row = house.candidate(spec.choice.candidate)
    parts = [
        f"# A new version of the agent: {row.candidate}",
        f"Tree `{edit.tree}`, to replace `{found.against}`. Nothing here is the agent's own claim: every number was "
        "counted by the judge or by the daemon.",
        _changed(house, row, edit),
        _why(row),
        _evidence(card, found),
        _transfer(found),
        _cost(house, row),
        *([f"## Review\n\n> {flagged}"] if (flagged := objection(house, row.candidate)) else []),
        "## Policy decisions\n\n" + "\n".join(_decisions(house, row.candidate)),
        "## What happens next\n\nWith enough signatures, new campaigns let this version propose a share of their "
        "candidates. It is taken back by itself when it does worse than policy allows, and by "
        f"`ratchet genome rollback --by NAME --reason TEXT` at any time. To sign: "
        f"`ratchet genome promote {row.candidate} --by NAME --key KEY`.",
    ]
    return "\n\n".join(parts) + "\n"


def _changed(house: House, row: CandidateRow, edit: Edit) -> str:
    parent = house.candidate(row.parent)
    text = house.trees.diff(parent.tree, edit.tree)
    cut = f"\n… {len(text) - DIFF_CHARS} characters more: `ratchet genome diff {row.candidate}`"
    shown = text[:DIFF_CHARS] + (cut if len(text) > DIFF_CHARS else "")
    fence = "`" * max(3, 1 + max((len(run) for run in _runs(shown)), default=0))
    return f"## What changed\n\nAgainst its parent {row.parent}:\n\n{fence}diff\n{shown}\n{fence}"


def _runs(text: str) -> Iterator[str]:
    run = ""
    for letter in text:
        if letter == "`":
            run += letter
        elif run:
            yield run
            run = ""
    if run:
        yield run


def _why(row: CandidateRow) -> str:
    return f"## Why\n\nThe agent's own hypothesis, in its words:\n\n> {row.hypothesis or 'none given'}"


def _evidence(card: Scorecard, found: HeldOut) -> str:
    lines = [
        "## Evidence",
        "",
        "| tasks | number | solved | before | gained | lost | difference (95 %) | chance if no better |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        _row("validation, against its parent", found.validation),
        _row("sealed, against the agent in use", found.sealed),
        *(_row(f"sealed, {name} only", one) for name, one in found.families.items()),
        "",
        f"Held out together: {found.validation.tasks + found.sealed.tasks} tasks. The acceptance needed evidence of "
        f"{_number(card.threshold)} and found {_number(card.e_value)} (its share of a 5 % chance of one false "
        "acceptance in the whole campaign).",
    ]
    return "\n".join(lines)


def _transfer(found: HeldOut) -> str:
    head = "## Transfer\n\n"
    if found.transfer is None:
        return head + "No other model was named, so transfer is not shown."
    gain = gain_interval(found.transfer)
    return (
        f"{head}With the model `{found.transfer_model}`: {found.transfer.child} of {found.transfer.tasks} tasks, "
        f"{found.transfer.parent} before; difference {_interval(gain.mean, gain.low, gain.high)}. "
        "Other families of tasks: see the rows of the table above."
    )


def _cost(house: House, row: CandidateRow) -> str:
    spent = spent_by(house.trials.of(row.candidate))
    asked = campaign_spec(house, row.campaign)
    return (
        f"## Cost\n\nIts trials took {spent.get('micro_usd', 0) / 1e6:.4f} USD, {spent.get('tokens', 0)} tokens and "
        f"{spent.get('cpu_ms', 0) / 1000:.1f} CPU seconds, with the model `{asked.model}`."
    )


def _decisions(house: House, candidate: str) -> Iterator[str]:
    for record in of_candidate(house.settings.home / "audit", candidate):
        if record["kind"] == "decision":
            yield _decision(record["body"])


def _decision(body: dict[str, Any]) -> str:
    word = "permitted" if body["permitted"] else "held for people" if body["hold"] else "denied"
    codes = ", ".join(finding["code"] for finding in body["deny"])
    return f"- `{body['question']}` {body['decision_id']}: {word}{': ' + codes if codes else ''}"


def _row(name: str, one: Paired) -> str:
    gain = gain_interval(one)
    chance = f"{sign_test(one.wins, one.losses):.2g}"
    shown = _interval(gain.mean, gain.low, gain.high)
    return f"| {name} | {one.tasks} | {one.child} | {one.parent} | {one.wins} | {one.losses} | {shown} | {chance} |"


def _interval(mean: float, low: float | None, high: float | None) -> str:
    return f"{mean:+.3f}" if low is None or high is None else f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"


def _number(value: float | None) -> str:
    return "none" if value is None else json.dumps(round(value, 3))
