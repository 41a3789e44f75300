"""What the scripts share: the answer's form, EVOLVE-BLOCK markers, and loading somebody's file."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
TEXT_LIMIT = 3000
LINE = re.compile(r"^METRIC\s+([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(\S+)\s*$", re.MULTILINE)


def task() -> dict[str, Any]:
    """What the import wrote down (`task.json`)."""
    found: dict[str, Any] = json.loads((HERE / "task.json").read_text("utf-8"))
    return found


def load(path: Path, name: str) -> ModuleType:
    """Import a file; files beside it can be imported from it."""
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def stand_in(modules: dict[str, dict[str, Any]]) -> None:
    """Modules of the other framework that evaluators import (name → members, parents first), if it is not there."""
    if importlib.util.find_spec(next(iter(modules))) is not None:
        return
    for name, members in modules.items():
        module = ModuleType(name)
        module.__path__ = []
        vars(module).update(members)
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


def metrics(path: Path, values: dict[str, Any]) -> None:
    """Answer with the numbers among the values; a metric that is no number must be missed, not guessed."""
    numbers = {str(name): value for name, raw in values.items() if (value := _number(raw)) is not None}
    path.write_text(json.dumps({"metrics": numbers}), "utf-8")


def wrong(path: Path, why: str) -> None:
    """Answer that the candidate is not valid."""
    path.write_text(json.dumps({"wrong": why[:TEXT_LIMIT]}), "utf-8")


def read_metrics(text: str) -> dict[str, float]:
    """All metrics of an output; a value that is not a number is left out."""
    found: dict[str, float] = {}
    for name, value in LINE.findall(text):
        try:
            found[name] = float(value)
        except ValueError:
            found.pop(name, None)
    return found


def outside_blocks(original: str, candidate: str) -> str:
    """What changed outside the EVOLVE-BLOCK markers, as a sentence; empty when nothing did, or there are no markers."""
    before, after = _frozen(original), _frozen(candidate)
    if len(before) == len(original.splitlines()):
        return ""
    for number, (one, other) in enumerate(zip([*before, (0, "")], [*after, (0, "")], strict=False)):
        if one[1] != other[1]:
            shown = other[1].strip() or before[min(number, len(before) - 1)][1].strip()
            return f"only lines between EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change; outside: {shown[:200]}"
    if len(before) != len(after):
        return "lines were added or removed outside EVOLVE-BLOCK-START and EVOLVE-BLOCK-END"
    return ""


def _frozen(text: str) -> list[tuple[int, str]]:
    """The lines that must stay: all but those between markers; the markers themselves stay."""
    kept: list[tuple[int, str]] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        inside = inside and "EVOLVE-BLOCK-END" not in line
        if not inside:
            kept.append((number, line.rstrip()))
        inside = inside or "EVOLVE-BLOCK-START" in line
    return kept


def _number(value: Any) -> float | None:
    if isinstance(value, str | bytes) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
