"""`ratchet target`: what can be improved here, and whether a target folder is sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import imports, output, reach
from daemon.cli.errors import BadInput
from daemon.cli.output import JsonFlag

if TYPE_CHECKING:
    from daemon.probing import Checked
    from kernels.target import Target

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
    target: Annotated[str, typer.Argument(help="Name of a target, or path of its folder.")],
    quick: Annotated[bool, typer.Option("--quick", help="Only read it; attack nothing, need no engine.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Read a target as the daemon would, then attack its judge with candidates that cheat, in real containers.

    A fault in the folder names file, field and remedy (exit code 2). A cheat that the judge takes for good is named
    (exit code 1), and no campaign starts on the target until it is held. The result is kept for exactly these files.
    """
    from kernels.target import load_target

    here = reach.settings().targets / target
    found = load_target(here if here.is_dir() or "/" not in target else Path(target))
    row = _row(found)
    if quick or found.kind == "genome":
        output.print_json(row) if as_json else output.print_facts(row)
        output.print_text("sound") if not as_json else None
        return
    checked = _attacked(found)
    attacks = [
        {"probe": one.name, "does": one.does, "verdict": one.verdict, "state": one.state} for one in checked.attacks
    ]
    if as_json:
        output.print_json({**row, "passed": checked.passed, "why": checked.why(), "probes": attacks})
    else:
        output.print_facts(row)
        output.print_table(attacks, ("probe", "does", "verdict", "state"), empty="no probes")
        output.print_text("fit to judge" if checked.passed else f"not fit to judge: {checked.why()}")
    if not checked.passed:
        raise typer.Exit(1)


def _attacked(target: Target) -> Checked:
    """Attack the target's judge in containers of this command's own, and keep the result."""
    import tempfile
    import uuid

    from daemon.judges import GUEST_PROGRAM, JUDGE_PROGRAM
    from daemon.killswitch import KillSwitch
    from daemon.probing import Checks, attack
    from sandbox.docker_backend import DockerBackend
    from sandbox.images.version import tag
    from sandbox.judging import Judge
    from sandbox.payload import place

    settings = reach.settings()
    if KillSwitch(settings.home).pulled():
        raise BadInput("the kill switch is pulled, no container is started; see `ratchet kill --help`")
    settings.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="check-", dir=settings.home) as name:
        folder = Path(name)
        folder.chmod(0o711)
        instance = f"check-{uuid.uuid4().hex[:12]}"
        backend = DockerBackend(settings.docker_url, instance=instance, allowed_roots=[folder])
        image = backend.image_id(settings.image or tag())
        payloads = folder / "payload"
        judge = Judge(
            backend,
            image,
            target.judge_settings(place(target.judge_files(), payloads)),
            folder / "io",
            instance,
            place(GUEST_PROGRAM, payloads),
            place(JUDGE_PROGRAM, payloads),
        )
        try:
            checked = attack(judge, target)
        finally:
            judge.close()
            backend.reap(())
            backend.close()
    Checks(settings.checks).keep(target, image, checked)
    return checked


def _row(found: Any) -> dict[str, Any]:
    facts = found.facts()
    return {
        "name": facts.name,
        "kind": facts.kind,
        "metric": f"{facts.metric} ({facts.metric_kind})",
        "integrity": facts.integrity,
        "manifest": facts.manifest[:16],
    }
