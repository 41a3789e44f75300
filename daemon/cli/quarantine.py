"""`ratchet candidate quarantine`: a person found an accepted candidate to be unsound."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.answers import By, Key, Made, Reason, Show
from daemon.cli.output import JsonFlag
from daemon.cli.signing import signed_or_given


def quarantine(
    candidate: Annotated[str, typer.Argument(help="Candidate id, like mycampaign-c7.")],
    by: By,
    reason: Reason,
    key: Key = None,
    signature: Made = None,
    statement: Show = False,
    as_json: JsonFlag = False,
) -> None:
    """Take a candidate out of use, signed; what descends from it is judged again before anything is built on it.

    A champion among them is taken back to the newest sound one. Nothing undoes a quarantine.
    """
    from daemon.cli.candidate import find
    from daemon.steps.quarantine import statement as text_of

    text = text_of(find(reach.archive(), candidate), by, reason)
    if statement:
        typer.echo(text, nl=False)
        return
    armoured = signed_or_given(text, key, signature, "a quarantine")
    found = reach.run(_ask({"candidate": candidate, "by": by, "reason": reason, "signature": armoured}))
    if as_json:
        output.print_json(found)
        return
    output.print_text(f"{candidate} is quarantined; out of use with it: {', '.join(found['suspended']) or 'nothing'}")
    if found["champion"]:
        output.print_text(f"the champion of {found['target']} is {found['champion']} again")
    for name, verdict in found["verdicts"].items():
        output.print_text(f"{name} judged again: {verdict}")


async def _ask(asked: dict[str, Any]) -> dict[str, Any]:
    from temporalio.client import WorkflowFailureError

    from workflows import queues
    from workflows.ports import RefusedError

    client = await reach.connect()
    name = f"quarantine-{uuid.uuid4().hex[:12]}"
    try:
        found: dict[str, Any] = await client.execute_workflow("Quarantine", asked, id=name, task_queue=queues.MAIN)
    except WorkflowFailureError as error:
        raise RefusedError("quarantine", str(error.cause)) from error
    return found
