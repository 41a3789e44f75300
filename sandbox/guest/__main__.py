"""Starts this folder as the package `guest`, wherever it is mounted. Run as `python3 -I -B <folder>/__main__.py`.

Isolated mode keeps the folder off the import path, so that no file of a candidate can stand in for one of ours.
"""

import importlib.util
import os.path
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def load() -> None:
    """Register the folder as a package, so that its modules can import their siblings."""
    file = os.path.join(HERE, "__init__.py")
    spec = importlib.util.spec_from_file_location("guest", file, submodule_search_locations=[HERE])
    if spec is None or spec.loader is None:
        raise SystemExit(f"guest: cannot load {HERE}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["guest"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    load()
    importlib.import_module("guest.main").main(sys.argv[1:])
