"""Starts this folder and its sibling `guest` as one package, wherever they lie: `python3 -I -B <folder>/__main__.py`.

Isolated mode keeps both folders off the import path, as the guest's own starter does.
"""

import importlib
import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
PARENT = "sandbox"


def load() -> None:
    """Make a package of the folder above, of which nothing is imported but what is asked for below."""
    package = ModuleType(PARENT)
    package.__path__ = [str(HERE.parent)]
    sys.modules[PARENT] = package


if __name__ == "__main__":
    load()
    importlib.import_module(f"{PARENT}.{HERE.name}.main").main(sys.argv[1:])
