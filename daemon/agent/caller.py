"""Runs as a program of its own: imports one file of the tree and answers one request, read as JSON on standard input.

A request is {"call": name, "args": […]}, or {"new": class or null, "args": […], "steps": [[name, …], …]}. The answer is
{"value": …} or {"raised": [class names], "text": …}; whatever the file prints goes to standard error.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any


def main() -> int:
    """Arguments: the folder of the tree, and the file to import."""
    folder, file = Path(sys.argv[1]), sys.argv[2]
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.load(sys.stdin)
    sys.path.insert(0, str(folder))
    with answer:
        json.dump(_carry_out(folder / file, request), answer)
    return 0


def _carry_out(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    try:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path.name} is not a Python file")
        owner: Any = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = owner
        spec.loader.exec_module(owner)
        if "steps" not in request:
            return _outcome(owner, request["call"], request["args"])
        if request["new"] is not None:
            owner = getattr(owner, request["new"])(*request["args"])
    except Exception as error:
        return _raised(error)
    return {"value": [_outcome(owner, name, args) for name, *args in request["steps"]]}


def _outcome(owner: Any, name: str, args: list[Any]) -> dict[str, Any]:
    try:
        value = getattr(owner, name)(*args)
        return {"value": json.loads(json.dumps(value, allow_nan=False))}
    except Exception as error:
        return _raised(error)


def _raised(error: Exception) -> dict[str, Any]:
    names = [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, Exception)]
    return {"raised": names, "text": "".join(traceback.format_exception(error, limit=-3))[-1500:]}


if __name__ == "__main__":
    raise SystemExit(main())
