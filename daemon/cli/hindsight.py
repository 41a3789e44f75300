"""`ratchet policy explain` and `ratchet policy replay`: recorded decisions, asked again of a folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.errors import BadInput, Denied
from daemon.cli.output import JsonFlag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.hindsight import Hindsight
    from daemon.settings import Settings

Folder = Annotated[Path | None, typer.Option("--policies", help="Policies folder to ask. Default: the configured one.")]
FINDING = ("code", "level", "path", "msg", "remedy")


def add_to(app: typer.Typer) -> None:
    """Put these commands beside the others of the group."""
    app.command("explain")(explain)
    app.command("replay")(replay)


def explain(
    decision: Annotated[str, typer.Argument(help="Decision id, or its first characters (`candidate show` tells it).")],
    policies: Folder = None,
    trace: Annotated[bool, typer.Option("--trace", help="Also all rules that came true, in order.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """What was asked and answered, which rules spoke, and whether the policies at hand would decide otherwise."""
    from daemon.records import lookup

    here = reach.settings()
    if len(decision) < 4:
        raise BadInput("give at least four characters of the decision's id")
    try:
        record = lookup.decision(here.home / "audit", decision)
    except OSError as error:
        raise BadInput(f"no audit log in {here.home}; set RATCHET_STATE, or run `ratchet up`") from error
    except LookupError as error:
        raise BadInput(f"{error}; give more of the id") from error
    if record is None:
        raise BadInput(f"no decision {decision!r} in the audit log of {here.home}")
    found = _explained(here, policies or here.policies, record, trace=trace)
    if as_json:
        output.print_json(found)
    else:
        _print(found)


def _explained(here: Settings, folder: Path, record: dict[str, Any], *, trace: bool) -> dict[str, Any]:
    body = record["body"]
    again = _again(here, folder, [record])
    found: dict[str, Any] = {
        "decision": body["decision_id"],
        "question": body["question"],
        "time": record["time"],
        "seq": record["seq"],
        "campaign": record["campaign"],
        "candidate": record["candidate"],
        "then": {
            "outcome": again[0].then if again else "no answer",
            "cause": body["cause"],
            "revision": body["revision"] or body["active_revision"],
            "deny": body["deny"],
            "warn": body["warn"],
            "require": body["require"],
        },
        "input": body["input"],
    }
    if again:
        found["now"] = _now(again[0])
        found["otherwise"] = again[0].flipped
        found["other_reasons"] = again[0].codes_then != again[0].codes_now
    if again and trace:
        from policies.replay import rules_true

        rules = rules_true(folder, body["question"], body["input"], opa=_opa(here))
        found["rules_true"] = [rule._asdict() for rule in rules]
    return found


def _now(one: Hindsight) -> dict[str, Any]:
    now = one.now
    return {
        "outcome": one.outcome,
        "cause": now.cause,
        "revision": now.active,
        "deny": [asdict(entry) for entry in now.deny],
        "warn": [asdict(entry) for entry in now.warn],
        "require": now.require,
    }


def _print(found: dict[str, Any]) -> None:
    about = " ".join(part for part in (found["campaign"], found["candidate"]) if part)
    output.print_text(
        f"{found['question']} {found['decision']}, {found['time']}, record {found['seq']} {about}".rstrip()
    )
    for name in ("then", "now"):
        if side := found.get(name):
            output.print_text(f"\n{name}: {side['outcome']}, revision {side['revision'][:16]}{_because(side)}")
            if rows := [*side["deny"], *side["warn"]]:
                output.print_table(rows, FINDING)
            for what, value in side["require"].items():
                output.print_text(f"asks for {what}: {value}")
    if "now" not in found:
        output.print_text("\nThe policy server gave no answer then, so there is nothing to compare.")
        return
    if found["otherwise"]:
        output.print_text("\nThe policies at hand would decide OTHERWISE.")
    else:
        other = ", for other reasons" if found["other_reasons"] else ""
        output.print_text(f"\nThe policies at hand would decide the same{other}.")
    if found.get("rules_true"):
        output.print_text("")
        output.print_table(found["rules_true"], ("place", "name"))


def _because(side: dict[str, Any]) -> str:
    return f" ({side['cause']})" if side["cause"] else ""


def replay(
    last: Annotated[int, typer.Option("--last", min=1, max=100_000, help="How many recent decisions.")] = 500,
    policies: Folder = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask recent decisions again: which ones would flip? Edit a copy of the folder and name it; exit code 1 if any."""
    from daemon.records import lookup

    here = reach.settings()
    try:
        records = lookup.newest_decisions(here.home / "audit", last)
    except OSError as error:
        raise BadInput(f"no audit log in {here.home}; set RATCHET_STATE, or run `ratchet up`") from error
    again = _again(here, policies or here.policies, records)
    flips = [_row(one) for one in again if one.flipped]
    others = [_row(one) for one in again if not one.flipped and one.codes_then != one.codes_now]
    if as_json:
        document = {
            "asked": len(again),
            "without_answer": len(records) - len(again),
            "revision": again[0].now.active if again else "",
            "flips": flips,
            "other_reasons": others,
        }
        output.print_json(document)
    else:
        columns = ("decision", "question", "candidate", "then", "now", "codes_then", "codes_now")
        if flips:
            output.print_table(flips, columns)
        output.print_text(
            f"{len(flips)} of {len(again)} recent decisions would flip; {len(others)} would stand for other reasons; "
            f"{len(records) - len(again)} had no answer then"
        )
    if flips:
        raise Denied


def _row(one: Hindsight) -> dict[str, Any]:
    return {
        "decision": one.record["body"]["decision_id"],
        "question": one.record["body"]["question"],
        "campaign": one.record["campaign"],
        "candidate": one.record["candidate"],
        "then": one.then,
        "now": one.outcome,
        "codes_then": ", ".join(one.codes_then),
        "codes_now": ", ".join(one.codes_now),
    }


def _again(here: Settings, folder: Path, records: Sequence[dict[str, Any]]) -> list[Hindsight]:
    from daemon.hindsight import ask_again
    from policies.bundle import BadPoliciesError, Source
    from policies.opa_cli import OpaFailedError

    try:
        return ask_again(Source.read(folder), records, opa=_opa(here))
    except (BadPoliciesError, OpaFailedError) as error:
        raise BadInput(f"the policies in {folder} give no answer: {error}") from error


def _opa(here: Settings) -> Path:
    from policies.opa_cli import OpaMissingError, find_opa
    from workflows.ports import InfrastructureError

    try:
        return find_opa(configured=here.opa_bin, state=here.home)
    except OpaMissingError as error:
        raise InfrastructureError(str(error)) from error
