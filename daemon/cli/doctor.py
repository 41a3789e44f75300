"""`ratchet doctor`: is this machine fit, line by line, each with its remedy; and `doctor sandbox`, which tries it."""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from daemon.cli import output, reach
from daemon.cli.checks import Finding
from daemon.cli.errors import Denied
from daemon.cli.output import JsonFlag

NAME = re.compile(r"[\w@.-]{1,64}")
MOST_REASON = 300

app = typer.Typer(invoke_without_command=True, help="Is this machine fit? Each finding comes with its remedy.")


@app.callback()
def doctor(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Look at engine, image, policies, Temporal, ports, disk, audit log and packages; exit code 1 when one fails."""
    if context.invoked_subcommand is not None:
        return
    from daemon.cli.checks import examine

    _tell(examine(reach.settings()), as_json)


def _tell(findings: list[Finding], as_json: bool) -> None:
    bad = any(finding.grade == "fail" for finding in findings)
    if as_json:
        output.print_json({"fit": not bad, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            sys.stdout.write(f"{finding.grade:<5} {finding.check:<16} {output.cell(finding.found)}\n")
            if finding.remedy and finding.grade != "ok":
                sys.stdout.write(f"{'':<22} → {output.cell(finding.remedy)}\n")
        sys.stdout.write("not fit: mend what fails\n" if bad else "fit\n")
    if bad:
        raise Denied


@app.command("gpu")
def gpu(as_json: JsonFlag = False) -> None:
    """GPUs step by step: driver, nodes, permissions, runtime, policy, leases; exit code 1 when a step fails."""
    from daemon.cli.checks_gpu import examine

    _tell(examine(reach.settings()), as_json)


@app.command("return")
def put_back(
    device: Annotated[str, typer.Argument(help="Name of a drained GPU, as `doctor gpu` shows it.")],
    reason: Annotated[str, typer.Option("--reason", help="What you found; kept in the audit log for ever.")],
    by: Annotated[str, typer.Option("--by", help="Who looked at it. Default: the user running this.")] = "",
) -> None:
    """Return a drained GPU: it has to be found healthy before anyone gets it. Exit code 1 if it was not drained."""
    from daemon.cli.errors import BadInput
    from daemon.cli.owner import as_owner, user
    from daemon.gpus.leases import Leases
    from daemon.gpus.shelf import DatabaseShelf
    from daemon.records.db import Database

    name = by or user()
    if not NAME.fullmatch(name) or not reason.strip() or not (reason.isprintable() and len(reason) <= MOST_REASON):
        raise BadInput(
            f"a name of letters, digits and @._- and a reason of at most {MOST_REASON} characters are needed"
        )
    here = reach.settings()
    with as_owner(here.home):
        db = Database(here.database)
        try:
            returned = Leases(DatabaseShelf(db)).put_back(device, name, reason)
        finally:
            db.close()
    if not returned:
        output.print_text(f"{device} is not drained; `ratchet doctor gpu` shows the state of each")
        raise Denied
    output.print_text(f"{device} rests until it is found healthy; the daemon writes your name into the audit log")


@app.command("sandbox")
def sandbox(
    runtime: Annotated[str, typer.Option(help="runc or runsc (gVisor)")] = "runc", as_json: JsonFlag = False
) -> None:
    """Try every promise of the sandbox in real containers (about ten seconds); exit code 1 when one is broken."""
    from sandbox.docker_backend import DockerBackend
    from sandbox.images.version import tag
    from sandbox.selfcheck.suite import POINTS, check

    chosen: Literal["runc", "runsc"] | None = "runc" if runtime == "runc" else "runsc" if runtime == "runsc" else None
    if chosen is None:
        raise typer.BadParameter("there are: runc, runsc", param_hint="--runtime")
    of = reach.settings()
    with tempfile.TemporaryDirectory(prefix="ratchet-selfcheck-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        backend = DockerBackend(of.docker_url, instance=folder.name, allowed_roots=[folder])
        try:
            image = backend.image_id(of.image or tag())
            results = []
            for result in check(backend, image, folder, runtime=chosen):
                results.append(result)
                if not as_json:
                    grade = "fail" if result.problem else "ok"
                    sys.stdout.write(f"{grade:<5} {result.point:<20} {output.cell(result.problem or result.title)}\n")
                    sys.stdout.flush()
        finally:
            backend.settle()
            backend.close()
    broken = [result for result in results if result.problem]
    if as_json:
        output.print_json({"runtime": runtime, "fit": not broken, "points": [asdict(result) for result in results]})
    else:
        sys.stdout.write(f"{len(POINTS) - len(broken)} of {len(POINTS)} points hold under {runtime}\n")
    if broken:
        raise Denied
