"""`ratchet campaign stop|pause|resume|extend-budget|note`: thin signals and updates. Answers to holds: `answers.py`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.output import JsonFlag

Campaign = Annotated[str, typer.Argument(help="Campaign id.")]
By = Annotated[str, typer.Option("--by", help="Who says so.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept in the audit log.")]


def add_to(app: typer.Typer) -> None:
    """Put these commands beside the others of the group."""
    for name, command in (
        ("stop", stop),
        ("pause", pause),
        ("resume", resume),
        ("extend-budget", extend_budget),
        ("note", note),
    ):
        app.command(name)(command)


def stop(campaign: Campaign, as_json: JsonFlag = False) -> None:
    """Start no further candidate, finish those in flight, measure, report."""
    _signal(campaign, "stop", as_json)


def pause(campaign: Campaign, as_json: JsonFlag = False) -> None:
    """Start no further candidate until `resume`."""
    _signal(campaign, "pause", as_json)


def resume(campaign: Campaign, as_json: JsonFlag = False) -> None:
    """Go on after `pause`."""
    _signal(campaign, "resume", as_json)


def extend_budget(
    campaign: Campaign,
    by: By,
    reason: Reason,
    usd: Annotated[float | None, typer.Option(help="Money to add.")] = None,
    tokens: Annotated[int | None, typer.Option(help="Tokens to add.")] = None,
    cpu_seconds: Annotated[float | None, typer.Option(help="CPU-seconds to add.")] = None,
    gpu_seconds: Annotated[float | None, typer.Option(help="GPU-seconds to add.")] = None,
    wall_seconds: Annotated[float | None, typer.Option(help="Wall seconds to add.")] = None,
    sealed_queries: Annotated[int | None, typer.Option(help="Measurements on the sealed cases to add.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Raise caps; policy decides who may, and how far."""
    amounts = {
        "usd": usd,
        "tokens": tokens,
        "cpu_seconds": cpu_seconds,
        "gpu_seconds": gpu_seconds,
        "wall_seconds": wall_seconds,
        "sealed_queries": sealed_queries,
    }
    add = {name: amount for name, amount in amounts.items() if amount is not None}
    update(campaign, "extend_budget", {"add": add, "by": by, "reason": reason}, as_json)


def note(
    campaign: Campaign,
    text: Annotated[str, typer.Argument(help="What to remember.")],
    by: By = "",
    candidate: Annotated[str, typer.Option(help="Candidate that the note is about.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Keep a note with the campaign."""
    update(campaign, "note", {"text": text, "by": by, "candidate": candidate}, as_json)


def _signal(campaign: str, name: str, as_json: bool) -> None:
    async def send() -> None:
        await (await reach.campaign(campaign)).signal(name)

    reach.run(send())
    _say({"campaign": campaign, "sent": name}, f"{name} sent to {campaign}", as_json)


def update(campaign: str, name: str, argument: dict[str, Any], as_json: bool) -> None:
    """Send one update and say what it answered."""

    async def send() -> Any:
        return await (await reach.campaign(campaign)).execute_update(name, argument)

    answer = reach.run(send())
    text = answer if isinstance(answer, str) else ", ".join(f"{k} {output.units(k, v)}" for k, v in answer.items())
    _say({"campaign": campaign, "answer": answer}, text, as_json)


def _say(document: dict[str, Any], text: str, as_json: bool) -> None:
    if as_json:
        output.print_json(document)
    else:
        output.print_text(text)
