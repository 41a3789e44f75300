"""An imported task as the files of a target, and their way onto the disk."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kernels.importers import scripts
from kernels.target import BadTarget, Target, load_target

SCRIPTS = Path(scripts.__file__).resolve().parent
CALL_LIMIT = 600.0
SESSION_LIMIT = 3600.0
"""As the policy on containers allows (`sandbox` data, `wall_seconds`)."""
KEPT_DESCRIPTION = 3900
PACKAGES = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Packages whose modules are called otherwise."""


@dataclass(frozen=True)
class Imported:
    """What an importer found. Every field becomes something that a person can read and edit afterwards."""

    source: str
    """`openevolve`, `shinka`, `kernelbench`, `repo`, `exercism` or `swebench`: the format."""
    title: str
    description: str
    seed: Mapping[str, bytes]
    editable: tuple[str, ...]
    metric: str
    script: str = ""
    """The script that runs the task, where it is not called like the format."""
    producers: tuple[str, ...] = ()
    """Files besides the script that make the metric; see `[metric]`."""
    protected: tuple[str, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    """Background texts for the proposer."""
    low: float = -1e15
    high: float = 1e15
    """Bounds of the metric; a number outside is refused."""
    task: Mapping[str, bytes] = field(default_factory=dict)
    """The task's own files, evaluator and data; kept as they are, below `imported/task/`."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the script needs to know (`imported/task.json`)."""
    original: bytes = b""
    """The first program, where its EVOLVE-BLOCK markers must be kept."""
    direction: Literal["minimise", "maximise"] = "maximise"
    kind: Literal["kernel", "program"] = "program"
    seconds: float = 60.0
    """Longest evaluation."""
    min_effect: float = 0.0
    needs: tuple[str, ...] = ()
    """Modules that the standard image does not have."""
    notes: tuple[str, ...] = ()
    """What else a person should know, a sentence each."""

    @property
    def warnings(self) -> list[str]:
        """Everything that a person should know before a campaign."""
        packages = " ".join(PACKAGES.get(module, module) for module in self.needs)
        lacking = f"The standard image lacks {', '.join(self.needs)}: candidates fail until it has them."
        remedy = f'For an image that has: make image WITH="{packages}"'
        return [*([lacking, remedy] if self.needs else []), *self.notes]


def target_files(name: str, found: Imported) -> dict[str, bytes]:
    """All files of the target folder, by relative path."""
    facts = {**found.facts, "metric": found.metric, "original": "original"}
    made = {
        "target.toml": _toml(name, found).encode(),
        "evaluator.py": _judge(found).encode(),
        "imported/run.py": (SCRIPTS / f"{found.script or found.source}.py").read_bytes(),
        "imported/ratchet_common.py": (SCRIPTS / "ratchet_common.py").read_bytes(),
        "imported/task.json": (json.dumps(facts, indent=2, sort_keys=True) + "\n").encode(),
    }
    made |= {"imported/original": found.original} if found.original else {}
    made |= {f"imported/task/{path}": data for path, data in found.task.items()}
    made |= {f"context/{path}": text.encode() for path, text in found.context.items()}
    made |= {f"seed/{path}": data for path, data in found.seed.items()}
    return made


def write_target(root: Path, name: str, found: Imported) -> Target:
    """Write the target below `root`, whole or not at all, and load it. Raises BadTarget, also when it is there."""
    place = root / name
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", name):
        raise BadTarget(place, "name", "is no name of a target", "use --name: a-z first, then a-z, 0-9, _ and -")
    if place.exists():
        raise BadTarget(place, "", "is there already", "choose another with --name, or remove it")
    with tempfile.TemporaryDirectory(prefix=".import-", dir=root) as made:
        draft = Path(made) / name
        for path, data in target_files(name, found).items():
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_bytes(data)
        load_target(draft)
        shutil.move(draft, place)
    return load_target(place)


def name_of(folder: Path) -> str:
    """A target's name made from a folder's or file's."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().stem.lower()).strip("-_")
    return (plain if plain[:1].isalpha() else f"task-{plain}")[:64].rstrip("-_")


def _judge(found: Imported) -> str:
    text = (SCRIPTS / "judge.py").read_text("utf-8")
    for line, value in (("LOW = -1e15", f"LOW = {found.low!r}"), ("HIGH = 1e15", f"HIGH = {found.high!r}")):
        text = text.replace(f"\n{line}\n", f"\n{value}\n")
    return text


def _toml(name: str, found: Imported) -> str:
    call = min(CALL_LIMIT, max(1.0, round(found.seconds / 0.9 + 1, 1)))
    session = min(SESSION_LIMIT, max(240.0, 60 * call))
    editable, protected = (", ".join(map(_text, globs)) for globs in (found.editable, found.protected))
    producers = ", ".join(map(_text, ("evaluator.py", "imported/run.py", *found.producers)))
    comments = "".join(f"# {_line(warning, 500)}\n" for warning in found.warnings)
    return f"""\
# Imported from the format of {found.source}. The task's own evaluator (imported/) runs beside the candidate in one
# container, so its numbers are the candidate's word: cohabiting, never promoted without a person.
{comments}name = {_text(name)}
title = {_text(_line(found.title, 190))}
kind = "{found.kind}"
integrity = "cohabiting"
description = {_paragraph(found.description[:KEPT_DESCRIPTION].strip() or found.title)}

[tree]
editable = [{editable}]
protected = [{protected}]

[metric]
name = {_text(found.metric)}
kind = "score"
direction = "{found.direction}"
producers = [{producers}]
min_effect = {found.min_effect}

[build]
language = "evaluator"
file = "run.py"
symbol = {_text(found.metric)}

[resources]
cpus = 1.0
memory_mb = 1024
pids = 128
call_seconds = {call}
session_seconds = {session}

[judge]
max_pairs = 20
"""


def _text(value: str) -> str:
    # JSON's escapes are TOML's, but for the characters beyond 16 bits, which need none.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(value: str, limit: int) -> str:
    return " ".join(value.split())[:limit]


def _paragraph(value: str) -> str:
    lines = [_text(line)[1:-1] for line in value.splitlines()]
    return '"""\n' + "\n".join(lines) + '\n"""'
