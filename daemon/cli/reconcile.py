"""`ratchet audit reconcile`: brings the facts that stand beside the audit log, and shows where they disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.errors import BadInput, Denied
from daemon.cli.output import JsonFlag

if TYPE_CHECKING:
    from daemon.records.reconcile import Commit


def add_to(app: typer.Typer) -> None:
    """Put the command beside the others about the log."""
    app.command()(reconcile)


def reconcile(
    campaign: Annotated[str, typer.Argument(help="Only this one. Default: every campaign in the log.")] = "",
    offline: Annotated[bool, typer.Option("--offline", help="Leave out Temporal and Docker.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Join the records with ledger, git, Docker and Temporal; exit code 1 names what does not fit.

    Every effect has exactly one record, and every record its effect or an explicit end. Says nothing about the chain
    itself: see `verify`.
    """
    found = mismatches(campaign, offline=offline)
    problems = [problem for told in found.values() for problem in told]
    if as_json:
        output.print_json({"ok": not problems, "campaigns": found})
    else:
        for problem in problems:
            output.print_text(problem)
        output.print_text(f"{len(found)} campaigns compared, {len(problems)} mismatches")
    if problems:
        raise Denied


def mismatches(only: str = "", *, offline: bool = False) -> dict[str, list[str]]:
    """Campaign → what does not fit. Raises BadInput, InfrastructureError."""
    from daemon.records.chain import records
    from daemon.records.db import Database
    from daemon.records.ledger import Ledger
    from daemon.records.reconcile import Beside
    from daemon.records.reconcile import reconcile as join

    here = reach.settings()
    by_campaign: dict[str, list[dict[str, Any]]] = {}
    try:
        for record in records(here.home / "audit"):
            if record["campaign"] and only in ("", record["campaign"]) and record["kind"] != "decision":
                by_campaign.setdefault(record["campaign"], []).append(record)
    except OSError as error:
        raise BadInput(f"no audit log in {here.home}; set RATCHET_STATE, or run `ratchet up`") from error
    if only and only not in by_campaign:
        raise BadInput(f"the audit log knows no campaign {only!r}; see `ratchet campaign list`")
    serving = [] if offline else _containers()
    db = Database(here.database)
    try:
        ledger, found = Ledger(db), {}
        for campaign, told in by_campaign.items():
            mine = [candidate for name, candidate in serving if name == campaign]
            workflows = None if offline else reach.run(_workflows(campaign))
            beside = Beside(ledger.reservations(campaign), _refs(campaign), mine, workflows)
            found[campaign] = join(campaign, told, beside)
        return found
    finally:
        db.close()


def _refs(campaign: str) -> dict[int, Commit]:
    from daemon.records.reconcile import Commit
    from daemon.repo import TreeStore, candidate_ref

    store = TreeStore(reach.settings().home / "archive.git")
    held = store.refs(candidate_ref(campaign, 0).removesuffix("0"))
    return {int(ref.rpartition("/")[2]): Commit(commit, store.tree_of(commit)) for ref, commit in held.items()}


def _containers() -> list[tuple[str, str]]:
    """Campaign and candidate of each container of this daemon."""
    from daemon.governed import CAMPAIGN, CANDIDATE
    from daemon.instance import instance_of
    from sandbox.docker_backend import DockerEngine
    from sandbox.docker_options import LABEL

    here = reach.settings()
    engine = DockerEngine(here.docker_url)
    try:
        found = engine.find([f"{LABEL}instance={instance_of(here.home)}"])
    finally:
        engine.close()
    return [(one.labels.get(CAMPAIGN, ""), one.labels.get(CANDIDATE, "")) for one in found]


async def _workflows(campaign: str) -> dict[str, str] | None:
    """Candidate → verdict of its workflow; None when Temporal keeps the campaign no longer."""
    from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError

    client = await reach.connect()
    quoted = campaign.replace('"', "")
    if not [one async for one in client.list_workflows(f'WorkflowId="{quoted}"', limit=1)]:
        return None
    found = {}
    async for one in client.list_workflows(f'ParentWorkflowId="{quoted}"'):
        found[one.id] = ""
        if one.status == WorkflowExecutionStatus.COMPLETED:
            try:
                found[one.id] = str((await client.get_workflow_handle(one.id).result())["verdict"])
            except WorkflowFailureError:
                continue
    return found
