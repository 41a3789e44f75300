"""`ratchet genome`: versions of the agent, what is known of each, and which one is in use."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.candidate import diff, find
from daemon.cli.errors import BadInput
from daemon.cli.output import JsonFlag
from daemon.cli.signing import signed

if TYPE_CHECKING:
    from daemon.records.db import Database

app = typer.Typer(help="Versions of the agent: look at them, promote, take back.", no_args_is_help=True)
app.command("diff")(diff)
Candidate = Annotated[str, typer.Argument(help="Candidate id of the version.")]
By = Annotated[str, typer.Option("--by", help="Who says so; to promote, an identity in the allowed-signers file.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept in the audit log.")]


@app.command("list")
def list_genomes(as_json: JsonFlag = False) -> None:
    """Every rollout, oldest first, and the version in use."""
    from daemon.records.rollouts import Rollouts

    history = Rollouts(_database()).history()
    current = next((one for one in reversed(history) if one.state == "current"), None)
    in_use = current.candidate if current else "the agent of the settings"
    if as_json:
        output.print_json({"in_use": in_use, "rollouts": [one._asdict() for one in history]})
        return
    columns = ("number", "candidate", "state", "share", "actor", "reason", "genome")
    output.print_table([one._asdict() for one in history], columns, empty="no version was promoted yet")
    output.print_text(f"in use: {in_use}")


@app.command()
def show(candidate: Candidate, as_json: JsonFlag = False) -> None:
    """The report of a version that was proposed for promotion, and its trials task by task."""
    from daemon.genomes.promoting import REPORT
    from daemon.records.blobs import BlobStore
    from daemon.records.once import Once
    from daemon.records.trials import Trials

    row, db = find(reach.archive(), candidate), _database()
    kept = Once(db).get(REPORT, candidate)
    report = BlobStore(reach.settings().home / "blobs").get(kept).decode() if kept else ""
    trials = [one.model_dump(mode="json") for one in Trials(db).of(candidate)]
    if as_json:
        output.print_json({"candidate": candidate, "verdict": row.verdict, "report": report, "trials": trials})
        return
    output.print_text(report or f"{candidate} ({row.verdict or 'in flight'}) was not proposed for promotion")
    output.print_table(trials, ("purpose", "task", "family", "verdict", "calls", "model"), empty="no trials")


@app.command()
def promote(
    candidate: Candidate,
    by: By,
    key: Annotated[Path | None, typer.Option(help="Private SSH key to sign with.")] = None,
    reason: Reason = "approved",
    as_json: JsonFlag = False,
) -> None:
    """Sign for a version: approve its hold or, once it was approved, make it the one in use without more ado."""
    row = find(reach.archive(), candidate)
    if key is None:
        raise BadInput("promoting a version of the agent must be signed: give --key")
    if not row.promoted:
        answer = reach.run(_approve(row.campaign, candidate, by, key, reason))
    else:
        from daemon.genomes.moves import VALID_SECONDS, statement

        expires = float(int(time.time() + VALID_SECONDS / 2))
        signature = signed(statement(row, expires), key)
        asked = {"action": "promote", "candidate": candidate, "by": by, "reason": reason}
        answer = reach.run(_move({**asked, "signature": signature, "expires": expires}))
    _say(candidate, answer, as_json)


@app.command()
def rollback(
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the audit log.")],
    candidate: Annotated[str, typer.Argument(help="The version; the newest in use or under trial when left out.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a version back. Any named person may."""
    answer = reach.run(_move({"action": "rollback", "candidate": candidate, "by": by, "reason": reason}))
    _say(candidate, answer, as_json)


async def _approve(campaign: str, candidate: str, by: str, key: Path, reason: str) -> str:
    handle = await reach.campaign(campaign)
    holds = (await handle.query("holds"))["rows"]
    text = next((row["statement"] for row in holds if row["candidate"] == candidate), "")
    if not text:
        raise BadInput(f"{candidate!r} does not wait for a person in {campaign}")
    given = {"candidate": candidate, "by": by, "signature": signed(text, key), "reason": reason}
    return str(await handle.execute_update("approve", given))


async def _move(asked: dict[str, Any]) -> str:
    from temporalio.client import WorkflowFailureError

    from workflows import queues
    from workflows.ports import RefusedError

    client = await reach.connect()
    name = f"genome-{asked['action']}-{uuid.uuid4().hex[:12]}"
    try:
        return str(await client.execute_workflow("GenomeMove", asked, id=name, task_queue=queues.MAIN))
    except WorkflowFailureError as error:
        raise RefusedError("genome", str(error.cause)) from error


def _database() -> Database:
    from daemon.records.db import Database

    reach.archive()  # says what to do when nothing was recorded yet
    return Database(reach.settings().database)


def _say(candidate: str, answer: str, as_json: bool) -> None:
    if as_json:
        output.print_json({"candidate": candidate, "answer": answer})
    else:
        output.print_text(answer)
