"""`ratchet campaign`: start, list, look at and watch campaigns. Steering them is in `steer.py`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.errors import BadInput
from daemon.cli.output import JsonFlag

if TYPE_CHECKING:
    from temporalio.client import Client, WorkflowHandle

    from workflows.models import CampaignSpec

app = typer.Typer(help="Start, watch and steer campaigns.", no_args_is_help=True)
OPEN_SECONDS = 15.0
"""How long `start` waits for the daemon to open the campaign, so that a refusal is seen at once."""
CampaignName = Annotated[str, typer.Argument(metavar="[CAMPAIGN]", help="Campaign id; the newest when left out.")]


@app.command()
def start(
    target: Annotated[str, typer.Argument(help="A folder under kernels/. May be left out with --file.")] = "",
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Campaign file (JSON), as for the Temporal CLI.")
    ] = None,
    name: Annotated[str, typer.Option("--id", help="Campaign id. Default: target, date and time.")] = "",
    candidates: Annotated[int | None, typer.Option(help="Stop after this many decided candidates.")] = None,
    in_flight: Annotated[int | None, typer.Option(help="Candidates worked on at the same time.")] = None,
    model: Annotated[str | None, typer.Option(help="ratchet/tuner, ratchet/scripted/NAME, or a LiteLLM model.")] = None,
    strategy: Annotated[
        str | None,
        typer.Option(help="How parents are chosen; by the kind of target when left out. A wrong one names them all."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the search.")] = None,
    patience: Annotated[int | None, typer.Option(help="Stop after this many without an acceptance.")] = None,
    usd: Annotated[float | None, typer.Option(help="Cap on money.")] = None,
    note: Annotated[str | None, typer.Option(help="Kept with the campaign.")] = None,
    watch_it: Annotated[bool, typer.Option("--watch", help="Stay and watch.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Start a campaign; a wrong field, an unknown target or a refusal is said at once."""
    wanted = {
        "target": target or None,
        "candidates": candidates,
        "in_flight": in_flight,
        "model": model,
        "strategy": strategy,
        "seed": seed,
        "patience": patience,
        "budget": None if usd is None else {"usd": usd},
        "note": note,
    }
    from daemon.cli import board

    spec = read_spec(file, {key: value for key, value in wanted.items() if value is not None})
    started = reach.run(_start(spec, name or fresh_id(spec.target)))
    if as_json:
        output.print_json(started)
    else:
        output.print_text(f"campaign {started['campaign']}: {started['status']}")
        for line in board.outlook(started):
            output.print_text(line)
        output.print_text(f"watch it with: ratchet campaign watch {started['campaign']}")
    if watch_it:
        watch(started["campaign"], as_json=as_json)


def read_spec(file: Path | None, wanted: dict[str, Any]) -> CampaignSpec:
    """The campaign file with the options on top. Raises BadInput or ValidationError, naming the field."""
    import getpass
    import json

    from workflows.models import CampaignSpec

    given: Any = {}
    if file is not None:
        try:
            given = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadInput(f"cannot read the campaign file {file}: {error}") from error
        if not isinstance(given, dict):
            raise BadInput(f"{file} must hold one JSON object")
    if "budget" in wanted and isinstance(given.get("budget"), dict):
        wanted["budget"] = {**given["budget"], **wanted["budget"]}
    try:
        who = getpass.getuser()
    except (KeyError, OSError):
        who = ""
    merged = {"started_by": who, **given, **wanted}
    if "target" not in merged:
        raise BadInput("name a target, or give a campaign file; `ratchet target list` shows what there is")
    return CampaignSpec.model_validate(merged)


def fresh_id(target: str) -> str:
    """A campaign id that two starts in the same second do not share."""
    import secrets

    return f"{target}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


async def _start(spec: CampaignSpec, name: str) -> dict[str, Any]:
    return await begin(await reach.connect(), spec, name)


async def begin(client: Client, spec: CampaignSpec, name: str) -> dict[str, Any]:
    """Start the workflow and wait until it is open. Raises BadInput (id taken), RefusedError (it said no)."""
    from temporalio.client import WorkflowFailureError
    from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
    from temporalio.exceptions import WorkflowAlreadyStartedError

    from workflows.ports import RefusedError
    from workflows.queues import MAIN

    try:
        handle = await client.start_workflow(
            "Campaign",
            spec,
            id=name,
            task_queue=MAIN,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            static_summary=f"{spec.target} with {spec.model}",
        )
    except WorkflowAlreadyStartedError as error:
        raise BadInput(f"campaign {name!r} exists already; choose another --id") from error
    ended = asyncio.ensure_future(handle.result())
    try:
        return await asyncio.wait_for(_opened(handle, ended), OPEN_SECONDS)
    except TimeoutError:
        return {"campaign": name, "status": "accepted; the daemon has not opened it yet", "target": spec.target}
    except WorkflowFailureError as error:
        raise RefusedError("campaign", f"campaign refused: {error.cause}") from error
    finally:
        ended.cancel()


async def _opened(handle: WorkflowHandle[Any, Any], ended: asyncio.Future[Any]) -> dict[str, Any]:
    while not ended.done():
        status: dict[str, Any] = await handle.query("status")
        if status.get("champion"):
            return status
        await asyncio.wait([ended], timeout=0.2)
    await ended
    return dict(await handle.query("status"))


@app.command("list")
def list_campaigns(
    limit: Annotated[int, typer.Option(min=1, help="Newest first.")] = 20, as_json: JsonFlag = False
) -> None:
    """Campaigns that this daemon knows, newest first."""
    rows = reach.run(_list(limit))
    if as_json:
        output.print_json({"count": len(rows), "campaigns": rows})
    else:
        output.print_table(rows, ("campaign", "status", "started", "ended", "target"), empty="no campaigns yet")


async def _list(limit: int) -> list[dict[str, Any]]:
    from temporalio.common import SearchAttributeKey

    client = await reach.connect()
    target = SearchAttributeKey.for_keyword("RatchetTarget")
    rows = []
    async for found in client.list_workflows('WorkflowType="Campaign"', limit=limit):
        rows.append(
            {
                "campaign": found.id,
                "status": found.status.name.lower() if found.status else "unknown",
                "started": f"{found.start_time:%Y-%m-%d %H:%M:%S}",
                "ended": f"{found.close_time:%Y-%m-%d %H:%M:%S}" if found.close_time else None,
                "target": found.typed_search_attributes.get(target),
            }
        )
    return rows


@app.command()
def status(campaign: CampaignName = "", as_json: JsonFlag = False) -> None:
    """Counts, best score, spend, forecast and holds; the report too when it has ended."""
    from daemon.cli import board

    document = reach.run(_status(campaign))
    if as_json:
        output.print_json(document)
    else:
        output.print_text(board.page(document))


async def _status(name: str) -> dict[str, Any]:
    from daemon.cli.board import look

    return await look(await reach.campaign(name or await reach.latest()))


@app.command()
def watch(campaign: CampaignName = "", as_json: JsonFlag = False) -> None:
    """Follow a campaign until it ends: a live table, plain lines into a pipe, JSON lines with --json."""
    from daemon.cli import board

    async def follow() -> dict[str, Any]:
        return await board.follow(await reach.campaign(campaign or await reach.latest()), as_json=as_json)

    document = reach.run(follow())
    if not as_json:
        output.print_text(board.page(document))
