"""`ratchet audit`: check the audit log from its files and a public key alone, read it, and hand it on."""

from __future__ import annotations

import json
import re
import sys
from collections import deque
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.cli import attest, keeping, output, reach, reconcile, replay
from daemon.cli.errors import BadInput, Denied
from daemon.cli.output import JsonFlag
from daemon.cli.witness import witness as run_witness

app = typer.Typer(help="The audit log.", no_args_is_help=True)
attest.add_to(app)
keeping.add_to(app)
reconcile.add_to(app)
replay.add_to(app)
app.command("witness")(run_witness)


@app.command()
def verify(
    directory: Annotated[Path | None, typer.Option(help="Folder of the log. Default: this state's.")] = None,
    key: Annotated[Path | None, typer.Option(help="Public key. Default: this state's.")] = None,
    checkpoint: Annotated[
        str,
        typer.Option(
            metavar="FILE|git:URL",
            help="Checkpoints kept outside. Default: what RATCHET_CHECKPOINT_TARGET left in a file or has cosigned.",
        ),
    ] = "",
    witness: Annotated[
        str,
        typer.Option(
            metavar="KEY", help="Every checkpoint from outside has to be cosigned by this witness, and one has to be."
        ),
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Check chain, checkpoints and signatures; exit code 1 names the first bad record.

    What was cut off together with its checkpoints shows only against checkpoints that were kept outside.
    """
    report = verified(directory, key, checkpoint, witness)
    if as_json:
        output.print_json(report)
    elif report["ok"]:
        output.print_text(f"{report['records']} records, whole and in order; {report['signed']} under a signature")
        if report["pruned"]:
            output.print_text(f"{report['pruned']} of them were let go as old; their hashes are here and fit")
        if report["cosigned"]:
            output.print_text(f"the witness vouched for {report['cosigned']} of them")
        output.print_facts({"root": report["root"]})
    else:
        place = "" if report["first_bad"] is None else f" at record {report['first_bad']}"
        output.print_text(f"NOT SOUND{place}: {report['problem']}")
    for remark in report["remarks"] if not as_json else ():
        output.print_text(f"remark: {remark}")
    if not report["ok"]:
        raise Denied


def verified(
    directory: Path | None = None, key: Path | None = None, checkpoint: str = "", witness: str = ""
) -> dict[str, Any]:
    """The verifier's report as a document. Raises BadInput when the checkpoints from outside cannot be read."""
    from daemon.records.cosignatures import WitnessKey
    from daemon.records.keys import public_path
    from daemon.records.verify import verify as verify_log

    home = reach.settings().home
    if directory is None and not (home / "audit").is_dir():
        raise BadInput(f"no audit log in {home}; set RATCHET_STATE, or run `ratchet up`")
    given = directory is not None
    directory, key = directory or home / "audit", key or public_path(home / "keys" / "audit.pem")
    try:
        vouching = WitnessKey.parse(witness) if witness else None
    except ValueError as error:
        raise BadInput(str(error)) from error
    outside = _outside(directory, checkpoint, given=given)
    return verify_log(directory, key, outside=outside, witness=vouching)._asdict()


def _outside(directory: Path, checkpoint: str, *, given: bool) -> str:
    """The notes that were kept outside; by default those of the operator's own file, for this state's own log."""
    from subprocess import SubprocessError

    from daemon.records.outside import FilePlace, GitPlace, place_of
    from daemon.records.recovery import CHECKPOINTS
    from daemon.records.witnessed import COSIGNED

    here = reach.settings()
    target = here.checkpoint_target
    try:
        if not checkpoint:
            own = {"file": target.removeprefix("file:"), "witness": str(here.home / COSIGNED)}
            path = Path(own.get(target.partition(":")[0], "")) if not given else Path()
            return path.read_text() if path.is_file() else ""
        place = place_of(checkpoint, here.home) if checkpoint.startswith("git:") else FilePlace(Path(checkpoint))
        origin = (directory / CHECKPOINTS).read_text().partition("\n")[0] if isinstance(place, GitPlace) else ""
        return place.notes(origin) if isinstance(place, FilePlace | GitPlace) else ""
    except (OSError, UnicodeDecodeError, SubprocessError) as error:
        raise BadInput(f"the checkpoints in {checkpoint or target} cannot be read: {error}") from error


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
    told = [sentence(row) + _erased(home, row["body"]) for row in rows]
    if as_json:
        shown = [{**row, "told": words} for row, words in zip(rows, told, strict=True)]
        output.print_json({"candidate": candidate, "records": shown})
        return
    for row, words in zip(rows, told, strict=True):
        output.print_text(f"{row['time'][:19]}Z  {output.cell(row['actor']):<8}  {output.safe(words, keep='')}")


def _erased(home: Path, body: dict[str, Any]) -> str:
    """What of a record's content was erased, in words; usually nothing."""
    from daemon.records.blobs import BlobStore

    blobs, words = BlobStore(home / "blobs"), ""
    for name, value in body.items():
        if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) and (grave := blobs.tombstone(value)):
            words += f" [{name} erased by {grave.actor}: {grave.reason}]"
    return words


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
