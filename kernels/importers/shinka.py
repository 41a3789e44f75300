"""Tasks in ShinkaEvolve's shape: `initial.*` with an EVOLVE-BLOCK, and `evaluate.py` on `run_shinka_eval`."""

from __future__ import annotations

import re
from pathlib import Path

from kernels.importers.openevolve import COMBINED, MARKERS, private
from kernels.importers.reading import foreign, one_of, read_tree, text_of
from kernels.importers.task import Imported
from kernels.target import BadTarget

SHIPPED = ("numpy", "shinka")


def read(folder: Path, metric: str = "") -> Imported:
    """The task. Raises BadTarget. A run that its validation calls incorrect counts as `failed:wrong`."""
    files = read_tree(folder)
    program = one_of(folder, files, ("initial",), "the program to improve")
    evaluator = one_of(folder, files, ("evaluate",), "the script that evaluates it")
    text = text_of(folder, files, evaluator)
    for option in ("program_path", "results_dir"):
        if option not in text:
            raise BadTarget(folder / evaluator, option, "is not an argument", f"it is called with --{option}")
    if not metric and COMBINED not in text:
        raise BadTarget(folder / evaluator, COMBINED, "is not among its metrics", "say which one counts: --metric NAME")
    original = files[program]
    absent = sorted(set(re.findall(r"^\s*(?:from|import)\s+(shinka\.(?!core\b)\w+)", text, re.MULTILINE)))
    task = {name: data for name, data in files.items() if not private(name) and name != program}
    lacking, later = foreign({**task, program: original}, (evaluator, program), SHIPPED)
    return Imported(
        source="shinka",
        title=f"{folder.resolve().name} (imported)",
        description=f"Improve {program}. {MARKERS if b'EVOLVE-BLOCK-START' in original else ''}",
        seed={program: original},
        editable=(program,),
        metric=metric or COMBINED,
        task=task,
        facts={"program": program, "evaluator": evaluator},
        original=original,
        seconds=300.0,
        needs=lacking,
        notes=(*later, *([f"{evaluator} uses {', '.join(absent)}, which is not offered here."] if absent else [])),
    )
