"""`ratchet audit`: check the audit log from its files and a public key alone, read it, and hand it on."""

from __future__ import annotations

import json
import sys
from collections import deque
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.cli import attest, output, reach
from daemon.cli.errors import BadInput, Denied
from daemon.cli.output import JsonFlag

app = typer.Typer(help="The audit log.", no_args_is_help=True)
attest.add_to(app)


@app.command()
def verify(
    directory: Annotated[Path | None, typer.Option(help="Folder of the log. Default: this state's.")] = None,
    key: Annotated[Path | None, typer.Option(help="Public key. Default: this state's.")] = None,
    outside: Annotated[Path | None, typer.Option(help="A checkpoint note that was kept elsewhere.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check chain, checkpoints and signatures; exit code 1 names the first bad record."""
    report = verified(directory, key, outside.read_text() if outside else "")
    if as_json:
        output.print_json(report)
    elif report["ok"]:
        output.print_text(f"{report['records']} records, whole and in order; {report['signed']} under a signature")
        output.print_facts({"root": report["root"]})
    else:
        place = "" if report["first_bad"] is None else f" at record {report['first_bad']}"
        output.print_text(f"NOT SOUND{place}: {report['problem']}")
    for remark in report["remarks"] if not as_json else ():
        output.print_text(f"remark: {remark}")
    if not report["ok"]:
        raise Denied


def verified(directory: Path | None = None, key: Path | None = None, outside: str = "") -> dict[str, Any]:
    """The verifier's report as a document."""
    from daemon.records.keys import public_path
    from daemon.records.verify import verify as verify_log

    home = reach.settings().home
    if directory is None and not (home / "audit").is_dir():
        raise BadInput(f"no audit log in {home}; set RATCHET_STATE, or run `ratchet up`")
    key = key or public_path(home / "keys" / "audit.pem")
    return verify_log(directory or home / "audit", key, outside=outside)._asdict()


@app.command()
def tail(
    count: Annotated[int, typer.Option("-n", min=1, max=10_000, help="How many records.")] = 20,
    campaign: Annotated[str, typer.Option(help="Only this campaign's.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """The newest records, oldest of them first. Reads only; does not check anything (see `verify`)."""
    rows = newest(reach.settings().home / "audit", count, campaign)
    if as_json:
        output.print_json({"count": len(rows), "records": rows})
        return
    for row in rows:
        row["body"] = json.dumps(row.get("body", {}))
    output.print_table(rows, ("seq", "time", "kind", "actor", "campaign", "candidate", "body"), empty="no records")


def newest(directory: Path, count: int, campaign: str = "") -> list[dict[str, Any]]:
    """The last `count` records, as far as they are whole. Raises BadInput when there is no log."""
    from daemon.records.chain import records

    try:
        found = (row for row in records(directory) if not campaign or row["campaign"] == campaign)
        rows = list(deque(found, maxlen=count))
    except OSError as error:
        raise BadInput(f"no audit log in {directory}; set RATCHET_STATE, or run `ratchet up`") from error
    return rows


@app.command()
def show(
    candidate: Annotated[str, typer.Option("--candidate", help="Candidate id.")],
    as_json: JsonFlag = False,
) -> None:
    """One candidate's story in order, in plain words: who did what, which rules spoke, what it cost."""
    from daemon.cli.story import sentence
    from daemon.records.lookup import of_candidate

    home = reach.settings().home
    try:
        rows = list(of_candidate(home / "audit", candidate))
    except OSError as error:
        raise BadInput(f"no audit log in {home}; set RATCHET_STATE, or run `ratchet up`") from error
    if not rows:
        raise BadInput(f"the audit log knows no candidate {candidate!r}; see `ratchet candidate list`")
    if as_json:
        output.print_json({"candidate": candidate, "records": [{**row, "told": sentence(row)} for row in rows]})
        return
    for row in rows:
        output.print_text(f"{row['time'][:19]}Z  {output.cell(row['actor']):<8}  {output.safe(sentence(row), keep='')}")


@app.command()
def export(
    campaign: Annotated[str, typer.Option(help="Only this campaign's.")] = "",
    candidate: Annotated[str, typer.Option(help="Only this candidate's.")] = "",
    kind: Annotated[str, typer.Option(help="Only this kind of record.")] = "",
    start: Annotated[int, typer.Option("--from", min=0, help="First record's number.")] = 0,
) -> None:
    """Records as JSON lines, one each, with their hash; ASCII only. Checks nothing (see `verify`)."""
    from daemon.records.chain import records

    home = reach.settings().home
    wanted = {"campaign": campaign, "candidate": candidate, "kind": kind}
    try:
        for row in records(home / "audit", start=start):
            if all(row[name] == value for name, value in wanted.items() if value):
                sys.stdout.write(json.dumps(row, sort_keys=True, separators=(",", ":")) + "\n")
    except FileNotFoundError as error:
        raise BadInput(f"no audit log in {home}; set RATCHET_STATE, or run `ratchet up`") from error
