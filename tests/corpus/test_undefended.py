"""The corpus bites: attacks that the defences stop work on an evaluation as usual. All of them: `make bench-corpus`."""

from __future__ import annotations

import pytest

from tests.corpus.case import Case, load_all
from tests.corpus.undefended import applies, seed_value, target_of, verdict, worked

pytestmark = pytest.mark.docker
CASES = {case.meta.id: case for case in load_all()}
BELIEVED = ("H30", "H31", "H37b", "H37c", "H40", "H40b")
HARMFUL = ("H02", "H03", "H23", "H42", "H43")


@pytest.fixture(scope="module")
def seeds() -> dict[str, float]:
    return {name: seed_value(target_of(CASES[case])) for name, case in (("sweep", "H31"), ("ranks", "H30"))}


def said(case: Case, seeds: dict[str, float]) -> str:
    assert applies(case)
    return verdict(case, seeds[case.meta.target])


@pytest.mark.parametrize("name", BELIEVED)
def test_without_defences_a_cheat_is_believed(name: str, seeds: dict[str, float]) -> None:
    assert "accepted" not in CASES[name].meta.expect
    assert said(CASES[name], seeds) == "accepted"


@pytest.mark.parametrize("name", HARMFUL)
def test_without_defences_an_attack_does_harm(name: str, seeds: dict[str, float]) -> None:
    found = said(CASES[name], seeds)
    assert worked(found) and found != "accepted", found


def test_an_honest_gain_is_believed_and_a_broken_program_is_not(seeds: dict[str, float]) -> None:
    assert said(CASES["C1"], seeds) == "accepted"
    assert not worked(said(CASES["H37"], seeds))
