"""The `opa` program and a copy of the shipped policies to edit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policies.opa_cli import find_opa

SHIPPED = Path(__file__).resolve().parents[2] / "policies"


@pytest.fixture(scope="session")
def opa() -> Path:
    return find_opa()


@pytest.fixture(scope="session")
def shipped() -> Path:
    return SHIPPED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped policies."""
    ignored = shutil.ignore_patterns("*.py", "__pycache__", "*.md")
    return Path(shutil.copytree(SHIPPED, tmp_path / "policies", ignore=ignored))
