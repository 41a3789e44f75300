"""`ratchet target import`: other people's tasks become targets of our own, to read and to edit."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.output import JsonFlag

app = typer.Typer(help="Make a target of a task in another project's format.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="Folder of the task.")]
Name = Annotated[str, typer.Option("--name", help="Name of the target; by default the folder's.")]
Metric = Annotated[str, typer.Option("--metric", help="The number that counts; by default combined_score.")]


@app.command()
def openevolve(
    folder: Folder,
    name: Name = "",
    metric: Metric = "",
    program: Annotated[str, typer.Option("--program", help="The program, where it is no initial_program.*")] = "",
    evaluator: Annotated[str, typer.Option("--evaluator", help="The evaluator, where it is no evaluator.py")] = "",
    config: Annotated[str, typer.Option("--config", help="The settings, where they are no config.yaml")] = "",
    as_json: JsonFlag = False,
) -> None:
    """OpenEvolve: initial_program.*, evaluator.py with evaluate(), config.yaml."""
    from kernels.importers.openevolve import read

    _write(folder, name, read(folder, metric, program, evaluator, config), as_json)


@app.command()
def shinka(folder: Folder, name: Name = "", metric: Metric = "", as_json: JsonFlag = False) -> None:
    """ShinkaEvolve: initial.*, evaluate.py on run_shinka_eval."""
    from kernels.importers.shinka import read

    _write(folder, name, read(folder, metric), as_json)


@app.command()
def kernelbench(
    problem: Annotated[Path, typer.Argument(help="The problem's Python file.")],
    name: Name = "",
    as_json: JsonFlag = False,
) -> None:
    """KernelBench: a file with Model, get_inputs() and get_init_inputs(). Needs torch in the sandbox image."""
    from kernels.importers.kernelbench import read

    _write(problem, name, read(problem), as_json)


@app.command()
def exercism(folder: Folder, name: Name = "", as_json: JsonFlag = False) -> None:
    """Exercism, Python: .meta/config.json, .docs/instructions.md, a stub and its unittest file, which is hidden."""
    from kernels.importers.exercism import read

    _write(folder, name, read(folder), as_json)


@app.command("swebench-style")
def swebench(
    folder: Folder,
    editable: Annotated[list[str] | None, typer.Option("--editable", help="Glob of files that may change.")] = None,
    name: Name = "",
    as_json: JsonFlag = False,
) -> None:
    """SWE-bench: instance.json and repo/. Only the base commit's tree is taken; the test patch is hidden."""
    from kernels.importers.swebench import read

    _write(folder, name, read(folder, editable or ("**",)), as_json)


@app.command()
def repo(
    source: Annotated[str, typer.Argument(help="A folder, or an address: https://, ssh:// or file://.")],
    metric_command: Annotated[str, typer.Option("--metric-command", help="Prints METRIC name=value.")],
    metric: Annotated[str, typer.Option("--metric", help="Name of the metric that counts.")],
    editable: Annotated[list[str], typer.Option("--editable", help="Glob of files that may change; repeat.")],
    checks: Annotated[list[str] | None, typer.Option("--check", help="Must succeed first; repeat.")] = None,
    minimise: Annotated[bool, typer.Option("--minimise", help="Less is better.")] = False,
    seconds: Annotated[float, typer.Option("--seconds", help="Longest run of check and command.")] = 300.0,
    name: Name = "",
    as_json: JsonFlag = False,
) -> None:
    """A repository, an edit scope, and a command that measures it. An address is cloned: its newest commit only."""
    from kernels.importers.cloning import cloned, is_url
    from kernels.importers.repo import read

    with cloned(source) if is_url(source) else nullcontext(Path(source)) as folder:
        found = read(
            folder,
            command=metric_command,
            metric=metric,
            editable=editable,
            checks=checks or (),
            direction="minimise" if minimise else "maximise",
            seconds=seconds,
        )
        _write(folder, name, found, as_json)


def _write(source: Path, name: str, found: Any, as_json: bool) -> None:
    from kernels.importers.task import name_of, write_target

    target = write_target(reach.settings().targets, name or name_of(source), found)
    row = {
        "name": target.name,
        "folder": str(target.folder),
        "metric": f"{found.metric} ({found.direction})",
        "editable": ", ".join(target.tree.editable),
        "integrity": target.integrity,
        "warnings": found.warnings if as_json else len(found.warnings),
    }
    if as_json:
        output.print_json(row)
        return
    output.print_facts(row)
    for warning in found.warnings:
        output.print_text(warning)
    output.print_text(f"read {target.folder}/target.toml, then: ratchet campaign start {target.name}")
