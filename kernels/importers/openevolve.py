"""Tasks in OpenEvolve's shape: `initial_program.*`, `evaluator.py` with `evaluate(program_path)`, and `config.yaml`."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from kernels.importers.reading import foreign, one_of, read_tree, text_of
from kernels.importers.task import Imported
from kernels.target import BadTarget

COMBINED = "combined_score"
THRESHOLDS = [0.5, 0.75, 0.9]
"""That framework's own, where a configuration has none."""
SHIPPED = ("numpy", "openevolve")
PROGRAMS = ("initial_program", "initial_prompt", "init_program")
MARKERS = "Only lines between EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change."


def read(folder: Path, metric: str = "", program: str = "", evaluator: str = "", config: str = "") -> Imported:
    """The task. `metric` names the number that counts where the evaluator has no `combined_score`. Raises BadTarget.

    `program`, `evaluator` and `config` name files that are not called as usual. Of the configuration are used: the
    system message, the evaluator's timeout, and its cascade. The file itself is not copied, because it may hold keys.
    """
    files = read_tree(folder)
    program = one_of(folder, files, PROGRAMS, "the program to improve", program)
    evaluator = one_of(folder, files, ("evaluator",), "the function evaluate(program_path)", evaluator)
    text = text_of(folder, files, evaluator)
    functions = _functions(folder / evaluator, text)
    if "evaluate" not in functions:
        raise BadTarget(folder / evaluator, "evaluate", "is missing", "define evaluate(program_path)")
    if not metric and COMBINED not in text:
        raise BadTarget(folder / evaluator, COMBINED, "is not among its metrics", "say which one counts: --metric NAME")
    settings, told = _config(folder, files, config)
    judging = _section(folder, settings, "evaluator")
    original = files[program]
    said = str(_section(folder, settings, "prompt").get("system_message") or "")
    marked = b"EVOLVE-BLOCK-START" in original
    task = {name: data for name, data in files.items() if not private(name) and name != program}
    lacking, later = foreign({**task, program: original}, (evaluator, program), SHIPPED)
    return Imported(
        source="openevolve",
        title=f"{folder.resolve().name} (imported)",
        description="\n".join(part for part in (said, MARKERS if marked else "") if part),
        seed={program: original},
        editable=(program,),
        metric=metric or COMBINED,
        task=task,
        facts={
            "program": program,
            "evaluator": evaluator,
            "cascade": bool(judging.get("cascade_evaluation", True)) and "evaluate_stage1" in functions,
            "thresholds": [float(value) for value in judging.get("cascade_thresholds", THRESHOLDS)],
        },
        original=original,
        seconds=float(judging.get("timeout", 300)),
        needs=lacking,
        notes=(*told, *later),
    )


def _functions(path: Path, text: str) -> set[str]:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError) as error:
        raise BadTarget(path, "", f"is not Python: {error}", "correct it") from error
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _config(folder: Path, files: dict[str, bytes], given: str) -> tuple[dict[str, Any], list[str]]:
    """The settings, and what a person should know of where they come from."""
    import yaml

    usual = [name for name in ("config.yaml", "config.yml") if name in files]
    others = sorted(name for name in files if "/" not in name and private(name) and not name.startswith("."))
    if given and given not in files:
        raise BadTarget(folder / given, "", "is missing", f"there are: {', '.join(others) or 'none'}")
    name = given or next(iter([*usual, *others]), "")
    if not name:
        return {}, []
    told = [] if given or usual else [f"The settings are those of {name}; for others: --config FILE."]
    try:
        found = yaml.safe_load(text_of(folder, files, name))
    except (yaml.YAMLError, RecursionError) as error:
        raise BadTarget(folder / name, "", f"is not YAML: {str(error)[:200]}", "correct it") from error
    if not isinstance(found, dict):
        raise BadTarget(folder / name, "", "is not a table of settings", "correct it, or remove it")
    return found, told


def _section(folder: Path, config: dict[str, Any], name: str) -> dict[str, Any]:
    found = config.get(name) or {}
    if not isinstance(found, dict):
        raise BadTarget(folder / "config.yaml", name, "is not a table of settings", "correct it")
    for field, kind in (("timeout", int | float), ("cascade_thresholds", list)):
        value = found.get(field)
        numbers = value if isinstance(value, list) else [value]
        if value is not None and not (isinstance(value, kind) and all(isinstance(n, int | float) for n in numbers)):
            raise BadTarget(folder / "config.yaml", f"{name}.{field}", f"is {value!r}", "give a number, or numbers")
    return found


def private(name: str) -> bool:
    """Settings and environment files: what is useful of them has been read, and they may hold keys."""
    last = Path(name.lower())
    return last.name.startswith(".env") or (last.name.startswith("config") and last.suffix in (".yaml", ".yml"))
