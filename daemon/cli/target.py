"""`ratchet target`: what can be improved here, and whether a target folder is sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.cli import imports, output, reach
from daemon.cli.output import JsonFlag

app = typer.Typer(help="Targets: what can be improved.", no_args_is_help=True)
app.add_typer(imports.app, name="import")


@app.command("list")
def list_targets(as_json: JsonFlag = False) -> None:
    """All targets of the configured folder."""
    from kernels.target import list_targets as every_target

    rows = [_row(found) for found in every_target(reach.settings().targets)]
    if as_json:
        output.print_json({"count": len(rows), "targets": rows})
    else:
        output.print_table(rows, ("name", "kind", "metric", "integrity", "manifest"), empty="no targets")


@app.command()
def check(
    target: Annotated[str, typer.Argument(help="Name of a target, or path of its folder.")], as_json: JsonFlag = False
) -> None:
    """Read a target folder as the daemon would; a fault names file, field and remedy (exit code 2)."""
    from kernels.target import load_target

    here = reach.settings().targets / target
    found = load_target(here if here.is_dir() or "/" not in target else Path(target))
    row = _row(found)
    if as_json:
        output.print_json(row)
    else:
        output.print_facts(row)
        output.print_text("sound")


def _row(found: Any) -> dict[str, Any]:
    facts = found.facts()
    return {
        "name": facts.name,
        "kind": facts.kind,
        "metric": f"{facts.metric} ({facts.metric_kind})",
        "integrity": facts.integrity,
        "manifest": facts.manifest[:16],
    }
