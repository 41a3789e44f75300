"""One bundle for each."""

from typing import Any

PATHS = [
    "conftest.py",
    "tests/conftest.py",
    "pytest.ini",
    "tox.ini",
    "setup.cfg",
    "pyproject.toml",
    "sitecustomize.py",
    "usercustomize.py",
    "a.pth",
    "ranks.egg-info/entry_points.txt",
    "ranks-1.0.dist-info/METADATA",
    "__pycache__/ranks.cpython-311.pyc",
    "ranks.pyc",
    "setup.py",
    "CONFTEST.py",
]


def bundles() -> list[dict[str, Any]]:
    return [{"files": {path: {"text": "import os; os.abort()"}}} for path in PATHS]
