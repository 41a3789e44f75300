"""`ratchet target`: what can be improved here, and whether a target folder is sound."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import imports, output, reach
from daemon.cli.errors import BadInput, Denied
from daemon.cli.output import JsonFlag
from daemon.cli.owner import as_owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.probe_results import Attack, Checked
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
    if not as_json:
        output.print_facts(row)
    if quick:
        output.print_json(row) if as_json else output.print_text("sound; not attacked")
        return
    checked = _attacked(found, _silent if as_json else _line)
    if as_json:
        attacks = [asdict(one) for one in checked.attacks]
        told = {"passed": checked.passed, "why": checked.why(), "unprobed": checked.unprobed, "probes": attacks}
        output.print_json({**row, **told})
    elif checked.unprobed:
        output.print_text(f"not attacked: {checked.unprobed}")
    elif checked.passed:
        held = sum(one.state == "held" for one in checked.attacks)
        output.print_text(f"fit to judge: {held} of {len(checked.attacks)} probes held, none gained")
    else:
        output.print_text(f"NOT fit to judge, no campaign starts: {checked.problem or 'mend what follows'}")
        for one in checked.caught:
            output.print_text(f"  {one.name}: {one.remedy}")
    if not checked.passed:
        raise Denied


def _silent(one: Attack) -> None:
    """Told at the end."""


def _line(one: Attack) -> None:
    """One probe that has ended, as soon as it has."""
    note = f"; {one.remedy}" if one.state == "noted" else ""
    output.print_text(f"{one.state:<12} {one.name:<20} {one.does}: {one.verdict}{note}")


def _attacked(target: Target, told: Callable[[Attack], None]) -> Checked:
    """Attack the target's judge in containers of this command's own, and keep the result."""
    import tempfile
    import uuid

    from daemon.judges import GUEST_PROGRAM, JUDGE_PROGRAM
    from daemon.killswitch import KillSwitch
    from daemon.probe_results import Checked, Checks
    from daemon.probing import attack
    from kernels.probes.suite import unprobed
    from sandbox.docker_backend import DockerBackend
    from sandbox.images.version import tag
    from sandbox.judging import Judge
    from sandbox.payload import place

    if reason := unprobed(target):
        return Checked(target.name, target.manifest(), unprobed=reason)
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
            checked = attack(judge, target, told=told)
        finally:
            judge.close()
            backend.reap(())
            backend.close()
    with as_owner(settings.home):
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
