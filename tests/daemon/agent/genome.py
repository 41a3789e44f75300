"""The genome's modules, loaded by path: they are a program in a folder, not a package of the daemon."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "daemon" / "agent"


def load(name: str) -> Any:
    """One module of the genome, as it finds itself in its container: with its own folder on the path."""
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


def parse(text: str, files: Mapping[str, str]) -> SimpleNamespace:
    """What the agent makes of one answer: its hypothesis, and the changed files."""
    answer = load("answers").read(text, files)
    return SimpleNamespace(hypothesis=answer.hypothesis, files=load("edits").apply(answer.blocks, files))


def make_task(**changes: Any) -> dict[str, Any]:
    """A task for one C file."""
    task: dict[str, Any] = {
        "format": 1,
        "candidate": "camp-c1",
        "number": 1,
        "model": "ratchet/tuner",
        "seed": 7,
        "target": {
            "name": "sum",
            "title": "A sum",
            "description": "Adds two numbers.",
            "metric": "seconds",
            "direction": "lower",
            "editable": ["*.c", "src/**"],
        },
        "parent": {"id": "camp-c0", "score": 0.0, "feedback": "1.0 s", "files": {"sum.c": "int sum;\nint two;\n"}},
        "history": [{"candidate": "camp-c9", "hypothesis": "none", "verdict": "failed:no-gain", "gain": 0.0}],
        "limits": {"calls": 3, "max_tokens": 1000},
    }
    return {**task, **changes}
