"""No condition of a deny rule can be lost or turned without a test of the bundle noticing."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from policies.bundle import Source
from policies.opa_cli import run_opa
from tests.policies.conftest import SHIPPED
from tests.policies.mutants import mutants

pytestmark = pytest.mark.opa

PACKAGES = ("budget", "edit", "genome", "model", "override", "promote", "sandbox", "stop")


def outcome(opa: Path, files: dict[str, bytes], package: str, place: Path) -> bytes | None:
    """What the package's tests amount to, evaluated as a document: quicker than `opa test`, which traces each."""
    Source(files).write(place, tests=True)
    query = f"data.ratchet.{package}_test"
    done = run_opa(opa, ["eval", "--bundle", str(place), "--format", "raw", query], seconds=120.0)
    return done.stdout if done.returncode == 0 else None


@pytest.mark.parametrize("package", PACKAGES)
def test_every_mutant_is_noticed(opa: Path, tmp_path: Path, package: str) -> None:
    every = Source.read(SHIPPED).files
    tests = f"ratchet/{package}/"
    files = {name: data for name, data in every.items() if not name.endswith("_test.rego") or name.startswith(tests)}
    right = outcome(opa, files, package, tmp_path / "right")
    assert right is not None
    name = f"ratchet/{package}/{package}.rego"
    made = list(mutants(files[name].decode()))
    assert len(made) >= 15

    def survives(number: int) -> bool:
        changed = {**files, name: made[number].text.encode()}
        return outcome(opa, changed, package, tmp_path / str(number)) == right

    with ThreadPoolExecutor(max_workers=2) as pool:
        alive = [made[number].name for number, lives in enumerate(pool.map(survives, range(len(made)))) if lives]
    assert alive == []


def test_mutants_cover_every_rule() -> None:
    for package in PACKAGES:
        text = (SHIPPED / f"ratchet/{package}/{package}.rego").read_text()
        codes = set(re.findall(r"#   code: (\S+)", text))
        assert {mutant.name.split(":")[0] for mutant in mutants(text)} == codes
