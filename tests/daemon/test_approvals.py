"""Only a signature by a listed person, over exactly this statement, is an approval."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from daemon import approvals


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    for name in ("ana", "eve"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)], check=True
        )
    public = (folder / "ana.pub").read_text().split()
    (folder / "allowed_signers").write_text(f"ana@example.org {public[0]} {public[1]}\n")
    return folder


def said(**changes: object) -> str:
    fields: dict[str, object] = {
        "action": "promote",
        "campaign": "k",
        "candidate": "k-c7",
        "tree": "a" * 40,
        "verdict": "accepted",
        "expires": 1_800_000_000.0,
    }
    return approvals.statement(**(fields | changes))  # type: ignore[arg-type]


def test_a_listed_persons_signature_counts(people: Path) -> None:
    signature = approvals.sign(said(), people / "ana")
    assert approvals.check(said(), "ana@example.org", signature, people / "allowed_signers").verified


@pytest.mark.parametrize(
    "change", [{"candidate": "k-c8"}, {"tree": "b" * 40}, {"expires": 1_900_000_000.0}, {"action": "override"}]
)
def test_a_signature_binds_every_field(people: Path, change: dict[str, object]) -> None:
    signature = approvals.sign(said(), people / "ana")
    checked = approvals.check(said(**change), "ana@example.org", signature, people / "allowed_signers")
    assert not checked.verified


def test_a_stranger_a_name_and_nothing_do_not_count(people: Path) -> None:
    allowed = people / "allowed_signers"
    stranger = approvals.sign(said(), people / "eve")
    assert not approvals.check(said(), "ana@example.org", stranger, allowed).verified
    assert not approvals.check(said(), "eve@example.org", stranger, allowed).verified
    assert "not an identity" in approvals.check(said(), "ana@example.org", "", allowed).problem
    assert "public keys" in approvals.check(said(), "ana@example.org", stranger, people / "none").problem


def test_a_key_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="could not sign"):
        approvals.sign(said(), tmp_path / "nokey")
