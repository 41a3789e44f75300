"""`ratchet audit`: check the audit log from its files and a public key alone, and read its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.errors import BadInput, Denied
from daemon.cli.output import JsonFlag

app = typer.Typer(help="The audit log.", no_args_is_help=True)


@app.command()
def verify(
    directory: Annotated[Path | None, typer.Option(help="Folder of the log. Default: this state's.")] = None,
    key: Annotated[Path | None, typer.Option(help="Public key. Default: this state's.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check chain, checkpoints and signatures; exit code 1 names the first bad record."""
    report = verified(directory, key)
    if as_json:
        output.print_json(report)
    elif report["ok"]:
        output.print_text(f"{report['records']} records, whole and in order")
    else:
        output.print_text(f"NOT SOUND at record {report['first_bad']}: {report['problem']}")
    if not report["ok"]:
        raise Denied


def verified(directory: Path | None = None, key: Path | None = None) -> dict[str, Any]:
    """The verifier's report as a document."""
    from daemon.records.verify import verify as verify_log

    home = reach.settings().home
    found = verify_log(directory or home / "audit", key or home / "keys" / "audit.pub")
    names = ("ok", "records", "first_bad", "problem")
    return {name: getattr(found, name) for name in names}


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
    """The last `count` records of the segments, skipping a torn last line. Raises BadInput when there is no log."""
    segments = sorted(directory.glob("*.jsonl"), reverse=True)
    if not segments:
        raise BadInput(f"no audit log in {directory}; set RATCHET_STATE, or run `ratchet up`")
    rows: list[dict[str, Any]] = []
    for segment in segments:
        for text in reversed(segment.read_bytes().splitlines()):
            try:
                row = json.loads(text)
            except ValueError:
                continue
            if isinstance(row, dict) and "seq" in row and (not campaign or row.get("campaign") == campaign):
                rows.append(row)
            if len(rows) == count:
                return rows[::-1]
    return rows[::-1]
