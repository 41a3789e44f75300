"""Starts this folder as the package `judge`, wherever it is mounted. Run as `python3 -I -B <folder>/__main__.py`.

Isolated mode keeps the folder off the import path, so that no file of a candidate can stand in for one of ours.
"""

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def load() -> None:
    """Register the folder as a package, so that its modules can import their siblings."""
    spec = importlib.util.spec_from_file_location("judge", HERE / "__init__.py", submodule_search_locations=[str(HERE)])
    if spec is None or spec.loader is None:
        raise SystemExit(f"judge: cannot load {HERE}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["judge"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    load()
    importlib.import_module("judge.main").main(sys.argv[1:])
