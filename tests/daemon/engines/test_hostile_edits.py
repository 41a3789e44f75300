"""Hostile paths, modes and protected files, asked of the shipped Rego alone; the wall in Python has its own tests."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.gate import Gate
from tests.daemon.engines.questions import EDIT
from tests.daemon.test_paths import HOSTILE, PROTECTED

pytestmark = pytest.mark.opa


def edit(path: str, **more: str) -> dict[str, Any]:
    """A change of `path` in a target where everything may be edited."""
    changed = {**EDIT["changes"][0], "path": path, "segments": path.split("/"), **more}
    return {**EDIT, "target": {**EDIT["target"], "editable": ["**"]}, "changes": [changed]}


def said(gate: Gate, facts: dict[str, Any]) -> set[str]:
    """Codes of the server's own denial; the second wall adds its own only to what the server permits."""
    got = gate.decide("edit", facts)
    assert not got.permitted and not got.cause, got
    return {found.code for found in got.deny}


@pytest.mark.parametrize("path", HOSTILE, ids=ascii)
def test_a_hostile_path_is_denied_by_rego_too(gate: Gate, path: str) -> None:
    assert said(gate, edit(path)) & {"EDIT-PATH", "INPUT"}


@pytest.mark.parametrize("path", PROTECTED)
def test_a_protected_file_is_denied_by_rego_in_an_allowed_glob(gate: Gate, path: str) -> None:
    assert "EDIT-PROTECTED" in said(gate, edit(path))


@pytest.mark.parametrize(
    "mode", ["120000", "160000", "040000", "020000", "060000", "010000", "140000", "104755", "102755", "100777", ""]
)
def test_what_is_no_regular_file_is_denied_by_rego(gate: Gate, mode: str) -> None:
    """Link, submodule, folder, devices, pipe, socket, setuid, setgid, writable for all, none."""
    assert said(gate, edit("src/a.c", mode=mode)) & {"EDIT-MODE", "INPUT"}


def test_an_honest_edit_of_this_shape_is_permitted(gate: Gate) -> None:
    assert gate.decide("edit", edit("src/a.c")).permitted
