"""`ratchet audit replay`: a candidate judged again, by the daemon, from what its records say."""

from __future__ import annotations

import getpass
import uuid
from typing import Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.errors import Denied
from daemon.cli.output import JsonFlag


def add_to(app: typer.Typer) -> None:
    """Put the command beside the others about the log."""
    app.command()(replay)


def replay(
    candidate: Annotated[str, typer.Argument(help="Candidate id, like mycampaign-c7.")], as_json: JsonFlag = False
) -> None:
    """Judge a candidate again with the recorded image, seed and data; exit code 1 when it comes out differently.

    The verdict has to be the same, and the gain has to lie in the recorded interval. It takes its turn among the
    daemon's measurements; nothing of the candidate's own record changes.
    """
    found = reach.run(_replay(candidate))
    agrees = found["same_verdict"] and found["within"]
    if as_json:
        output.print_json(found)
    else:
        for what in ("recorded", "again"):
            output.print_facts({what: _words(found[what])})
        output.print_text("the same" if agrees else "NOT THE SAME")
    if not agrees:
        raise Denied


def _words(judged: dict[str, Any]) -> str:
    if judged["gain"] is None:
        return str(judged["verdict"])
    between = "" if judged["low"] is None else f", {judged['low']:+.6g} to {judged['high']:+.6g}"
    return f"{judged['verdict']}, gain {judged['gain']:+.6g}{between}, {judged['pairs']} pairs"


async def _replay(candidate: str) -> dict[str, Any]:
    from temporalio.client import WorkflowFailureError

    from workflows import queues
    from workflows.ports import RefusedError

    client = await reach.connect()
    asked = {"candidate": candidate, "by": getpass.getuser()}
    name = f"replay-{uuid.uuid4().hex[:12]}"
    try:
        found: dict[str, Any] = await client.execute_workflow("Replay", asked, id=name, task_queue=queues.MAIN)
    except WorkflowFailureError as error:
        raise RefusedError("replay", str(error.cause)) from error
    return found
