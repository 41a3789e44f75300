"""`ratchet policy`: would an edit be allowed and why, is the bundle sound, and which one is in force."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import hindsight, output, reach, restore, scrape
from daemon.cli.errors import BadInput, Denied
from daemon.cli.output import JsonFlag

if TYPE_CHECKING:
    from daemon.settings import Settings

app = typer.Typer(help="Policies: try, test, and see what is in force.", no_args_is_help=True)
hindsight.add_to(app)
restore.add_to(app)


@app.command()
def check(
    edit: Annotated[str, typer.Argument(help="A diff file (- for standard input), a candidate id, or a commit id.")],
    target: Annotated[str, typer.Option(help="Target that a diff is against; its seed is the base.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Ask the policies as they lie in the folder whether an edit would be allowed; needs no daemon. 1 means no."""
    from daemon.cli import questions

    here = reach.settings()
    facts = questions.edit_question(here, edit, target)
    answer = decide(here, "edit", facts)
    if as_json:
        output.print_json(answer)
    else:
        output.print_text("allowed" if answer["permitted"] else "denied")
        rows = [{**found, "stops": "yes"} for found in answer["deny"]] + [
            {**found, "stops": "no"} for found in answer["warn"]
        ]
        if rows:
            output.print_table(rows, ("code", "level", "stops", "path", "msg", "remedy"))
        output.print_text(f"revision {answer['revision'][:16]}")
    if not answer["permitted"]:
        raise Denied


def decide(here: Settings, question: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The folder's own answer, read as strictly as the gate reads a server's. Raises BadInput, InfrastructureError."""
    from daemon.decisions import BadAnswerError, read_answer
    from policies.bundle import BadPoliciesError, Source
    from policies.offline import evaluate_offline
    from policies.opa_cli import OpaFailedError, OpaMissingError, find_opa
    from workflows.ports import InfrastructureError

    try:
        opa = find_opa(configured=here.opa_bin, state=here.home)
        result = evaluate_offline(here.policies, question, facts, opa=opa)
        revision = Source.read(here.policies).revision
        decision = read_answer(question, facts["decision_id"], revision, {"result": result}, 0.0)
    except (BadPoliciesError, BadAnswerError, OpaFailedError) as error:
        raise BadInput(f"the policies in {here.policies} give no answer: {error}") from error
    except OpaMissingError as error:
        raise InfrastructureError(str(error)) from error
    return {
        "permitted": decision.permitted,
        "deny": [asdict(found) for found in decision.deny],
        "warn": [asdict(found) for found in decision.warn],
        "require": decision.require,
        "revision": revision,
        "facts": facts,
    }


@app.command("test")
def test_bundle(
    folder: Annotated[Path | None, typer.Argument(help="Policies folder. Default: the configured one.")] = None,
    style: Annotated[bool, typer.Option(help="Also formatting and coverage, which use does not need.")] = True,
    as_json: JsonFlag = False,
) -> None:
    """Everything that a bundle must pass before it is used; exit code 1 lists what it does not."""
    from policies.check import check_folder
    from policies.opa_cli import OpaMissingError, find_opa
    from workflows.ports import InfrastructureError

    here = reach.settings()
    try:
        opa = find_opa(configured=here.opa_bin, state=here.home)
    except OpaMissingError as error:
        raise InfrastructureError(str(error)) from error
    problems = [
        {"step": one.step, "message": one.message} for one in check_folder(folder or here.policies, opa, style=style)
    ]
    if as_json:
        output.print_json({"sound": not problems, "problems": problems})
    elif problems:
        for problem in problems:
            output.print_text(f"{problem['step']}: {problem['message']}")
    else:
        output.print_text("sound: format, types, annotations, data, tests, coverage")
    if problems:
        raise Denied


@app.command()
def status(as_json: JsonFlag = False) -> None:
    """The revision in force in the running daemon and since when; exit code 1 when an edited folder was rejected."""
    found = in_force(reach.settings())
    if as_json:
        output.print_json(found)
    else:
        output.print_facts(found)
    if found["rejected"]:
        sys.stderr.write(f"the folder was rejected and the last good bundle stays in force: {found['remedy']}\n")
        raise Denied


def in_force(here: Settings) -> dict[str, Any]:
    """Folder's and daemon's revisions, `since` as UTC; `replaced`: when a newer one replaced the folder's, if so.

    Raises InfrastructureError when no daemon answers.
    """
    from datetime import UTC, datetime

    from daemon.activations import origin
    from daemon.restores import remedy, replaced
    from policies.bundle import BadPoliciesError, Source

    metrics = scrape.metrics(reach.endpoints(here))
    active = next((dict(labels).get("revision", "") for labels in metrics.get("ratchet_policy_active_info", {})), "")
    try:
        folder = Source.read(here.policies).revision
    except BadPoliciesError as error:
        folder = str(error)
    older = replaced(here.home / "audit", folder)
    loaded = scrape.value(metrics, "ratchet_policy_last_reload_timestamp_seconds")
    return {
        "active": active,
        "commit": origin(here.home / "audit", active),
        "since": datetime.fromtimestamp(loaded, UTC).isoformat(timespec="seconds") if loaded else "",
        "folder": folder,
        "same": active == folder,
        "replaced": older,
        "rejected": scrape.value(metrics, "ratchet_policy_rejected") == 1.0,
        "remedy": remedy(folder) if older else "ratchet policy test says why",
    }
