"""`ratchet candidate`: look at one candidate, and at what it changed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.errors import BadInput
from daemon.cli.output import JsonFlag
from daemon.cli.quarantine import quarantine

if TYPE_CHECKING:
    from daemon.records.archive import Archive
    from daemon.records.rows import CandidateRow

app = typer.Typer(help="Look at candidates; take one out of use.", no_args_is_help=True)
app.command()(quarantine)
Candidate = Annotated[str, typer.Argument(help="Candidate id, like mycampaign-c7.")]


@app.command()
def show(candidate: Candidate, as_json: JsonFlag = False) -> None:
    """Where it came from, what was measured, what it cost, and who decided."""
    row = find(reach.archive(), candidate)
    document = row.model_dump(mode="json")
    solved, said = _trials(candidate), _said(candidate)
    if solved:
        document["trials"] = solved
    document["said"] = said
    if as_json:
        output.print_json(document)
        return
    shown: dict[str, Any] = {
        "candidate": row.candidate,
        "campaign": f"{row.campaign}, number {row.number}",
        "parent": row.parent or "none",
        "verdict": row.verdict or "in flight",
        "reasons": "; ".join(row.reasons) or None,
        "hypothesis": row.hypothesis or None,
        "score": row.score,
        "gain": _interval(row.gain, row.low, row.high, row.pairs),
        "evidence": None if row.e_value is None else f"e-value {row.e_value:.4g}, needed {cell_of(row.threshold)}",
        "sealed": _interval(row.sealed_gain, row.sealed_low, row.sealed_high, row.sealed_pairs),
        "promoted": row.promoted,
        "model": row.model,
        "genome": row.genome,
        "tree": row.tree,
        "commit": f"{row.commit} {row.ref}".strip(),
        "decision": row.decision_id,
    }
    output.print_facts({name: value for name, value in shown.items() if value not in (None, "")})
    for account, amount in sorted(row.spent.items()):
        sys.stdout.write(f"  spent {account:<15} {output.units(account, amount)}\n")
    for step, seconds in row.times.items():
        sys.stdout.write(f"  time  {output.cell(step):<15} {seconds:.2f} s\n")
    for purpose, tasks in solved.items():
        names = ", ".join(f"{task} {verdict}" for task, verdict in tasks.items())
        sys.stdout.write(f"  tasks {purpose:<15} {list(tasks.values()).count('solved')} of {len(tasks)}: {names}\n")
    for line in said:
        output.print_text(
            f"  {line['time'][:19]}Z  {output.cell(line['actor']):<8}  {output.safe(line['told'], keep='')}"
        )
    if row.feedback:
        sys.stdout.write("\n")
        output.print_text(row.feedback)


@app.command("list")
def list_candidates(
    campaign: Annotated[str, typer.Argument(metavar="[CAMPAIGN]", help="The newest when left out.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """All candidates of a campaign by number, losers included; number 0 is the seed."""
    archive = reach.archive()
    name = campaign or next((row.campaign for row in archive.campaigns()), "")
    rows = archive.candidates(name)
    if not rows:
        raise BadInput(f"no campaign {name!r} in the archive; `ratchet campaign list` shows them")
    if as_json:
        output.print_json({"count": len(rows), "candidates": [row.model_dump(mode="json") for row in rows]})
        return
    columns = ("number", "verdict", "score", "gain", "pairs", "parent", "promoted", "hypothesis")
    shown = [{**row.model_dump(), "hypothesis": row.hypothesis[:60]} for row in rows]
    output.print_text(f"campaign {name}")
    output.print_table(shown, columns)


@app.command()
def diff(
    candidate: Candidate,
    seed: Annotated[bool, typer.Option("--seed", help="Against the seed instead of the parent.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="The exact bytes, for `git apply`; never on a terminal.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """What it changed, as a unified diff. Control characters are shown, not sent, unless --raw."""
    archive = reach.archive()
    row = find(archive, candidate)
    before = archive.candidates(row.campaign)[0] if seed else find(archive, row.parent or row.candidate)
    if not row.tree or not before.tree:
        raise BadInput(f"{candidate!r} has no tree in the archive (verdict {row.verdict or 'in flight'})")
    from daemon.repo import TreeStore

    text = TreeStore(reach.settings().home / "archive.git").diff(before.tree, row.tree)
    if as_json:
        output.print_json({"candidate": row.candidate, "against": before.candidate, "diff": text})
    elif raw:
        if sys.stdout.isatty():
            raise BadInput("--raw is for pipes: the text comes from a candidate and could steer your terminal")
        sys.stdout.write(text)
    else:
        output.print_text(text or f"no difference to {before.candidate}")


def find(archive: Archive, candidate: str) -> CandidateRow:
    """The candidate's row. Raises BadInput when the archive has none."""
    row = archive.get(candidate)
    if row is None:
        raise BadInput(f"no candidate {candidate!r} in the archive; `ratchet campaign status` shows the best ones")
    return row


def _trials(candidate: str) -> dict[str, dict[str, str]]:
    """Of a version of the agent: purpose → task → verdict."""
    from daemon.records.db import Database
    from daemon.records.trials import Trials

    found: dict[str, dict[str, str]] = {}
    for row in Trials(Database(reach.settings().database)).of(candidate):
        found.setdefault(row.purpose, {})[row.task] = row.verdict
    return found


def _said(candidate: str) -> list[dict[str, str]]:
    """Who had a say in it, by the audit log: approvals, overrides, reviews, promotions, and what was taken back."""
    from daemon.cli.story import say, sentence
    from daemon.records.lookup import of_candidate

    audit = reach.settings().home / "audit"
    found = filter(say, of_candidate(audit, candidate)) if audit.is_dir() else ()
    return [{"time": str(one["time"]), "actor": str(one["actor"]), "told": sentence(one)} for one in found]


def cell_of(value: float | None) -> str:
    """A number, or a dash."""
    return output.cell(value)


def _interval(mean: float | None, low: float | None, high: float | None, pairs: int) -> str | None:
    if mean is None:
        return None
    return f"{mean:.4f} ({output.cell(low)} to {output.cell(high)}) over {pairs} pairs"
