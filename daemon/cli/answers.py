"""`ratchet campaign approve|reject|override|escalate`: a person's signed answer to what waits."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.cli import reach
from daemon.cli.errors import BadInput
from daemon.cli.output import JsonFlag
from daemon.cli.signing import signed_or_given
from daemon.cli.steer import update

Campaign = Annotated[str, typer.Argument(help="Campaign id.")]
Candidate = Annotated[str, typer.Argument(help="Candidate id of the hold.")]
By = Annotated[str, typer.Option("--by", help="Who says so: the identity in the allowed-signers file.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept in the audit log.")]
Key = Annotated[Path | None, typer.Option(help="Private SSH key (or the public one, with an agent) to sign with.")]
Made = Annotated[Path | None, typer.Option("--signature", help="Made elsewhere: ssh-keygen -Y sign -n ratchet")]
Show = Annotated[bool, typer.Option("--statement", help="Only print what has to be signed.")]


def add_to(app: typer.Typer) -> None:
    """Put these commands beside the others of the group."""
    for name, command in (("approve", approve), ("reject", reject), ("override", override), ("escalate", escalate)):
        app.command(name)(command)


def approve(
    campaign: Campaign,
    candidate: Candidate,
    by: By,
    key: Key = None,
    signature: Made = None,
    statement: Show = False,
    reason: Reason = "",
    as_json: JsonFlag = False,
) -> None:
    """Say yes to a held candidate, with a signature over exactly what is held."""
    text = reach.run(_held(campaign, candidate))
    _send(
        campaign,
        "approve",
        text,
        {"candidate": candidate, "by": by, "reason": reason},
        key,
        signature,
        statement,
        as_json,
    )


def reject(
    campaign: Campaign,
    candidate: Candidate,
    by: By,
    key: Key = None,
    signature: Made = None,
    statement: Show = False,
    reason: Reason = "",
    as_json: JsonFlag = False,
) -> None:
    """Say no to a held candidate, signed."""
    _answer(campaign, "reject", candidate, {"by": by, "reason": reason}, key, signature, statement, as_json)


def override(
    campaign: Campaign,
    candidate: Candidate,
    by: By,
    reason: Reason,
    hours: Annotated[float, typer.Option(help="It ends after so long; policy allows 24 at most.")] = 1.0,
    until: Annotated[int, typer.Option(help="It ends at this Unix time, instead of --hours.")] = 0,
    key: Key = None,
    signature: Made = None,
    statement: Show = False,
    as_json: JsonFlag = False,
) -> None:
    """Let one candidate pass the soft rules that hold it: a second person, with the role, a reason and an end."""
    terms = {"by": by, "reason": reason, "until": until or int(time.time() + hours * 3600)}
    _answer(campaign, "override", candidate, terms, key, signature, statement, as_json)


def escalate(
    campaign: Campaign,
    candidate: Candidate,
    by: By,
    approvals: Annotated[int, typer.Option(help="So many approvals from now on.")] = 0,
    role: Annotated[str, typer.Option(help="All who approve must have this role.")] = "",
    prolong_hours: Annotated[float, typer.Option(help="The hold waits so much longer.")] = 0.0,
    key: Key = None,
    signature: Made = None,
    statement: Show = False,
    reason: Reason = "",
    as_json: JsonFlag = False,
) -> None:
    """Ask more of a hold: more approvals, a role, more time; policy says how much more."""
    prolong = round(prolong_hours * 3600)
    terms = {"by": by, "reason": reason, "approvals": approvals, "role": role, "prolong_seconds": prolong}
    _answer(campaign, "escalate", candidate, terms, key, signature, statement, as_json)


def _answer(
    campaign: str,
    action: str,
    candidate: str,
    terms: dict[str, Any],
    key: Path | None,
    signature: Path | None,
    show: bool,
    as_json: bool,
) -> None:
    from daemon.approvals import answer

    text = answer(reach.run(_held(campaign, candidate)), action, **terms)
    _send(campaign, action, text, {"candidate": candidate, **terms}, key, signature, show, as_json)


def _send(
    campaign: str,
    name: str,
    text: str,
    argument: dict[str, Any],
    key: Path | None,
    signature: Path | None,
    show: bool,
    as_json: bool,
) -> None:
    """Sign the text, or take the signature that was made over it, and send the update."""
    if show:
        typer.echo(text, nl=False)
        return
    armoured = signed_or_given(text, key, signature, "an answer")
    update(campaign, name, {**argument, "signature": armoured}, as_json)


async def _held(campaign: str, candidate: str) -> str:
    holds = await (await reach.campaign(campaign)).query("holds")
    for row in holds["rows"]:
        if row["candidate"] == candidate:
            return str(row["statement"])
    waiting = ", ".join(row["candidate"] for row in holds["rows"]) or "none"
    raise BadInput(f"{candidate!r} does not wait for a person (waiting: {waiting})")
