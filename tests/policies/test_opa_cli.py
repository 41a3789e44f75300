"""Finding and running the `opa` program."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.opa_cli import OpaFailedError, OpaMissingError, find_opa, run_opa


def program(path: Path, text: str = "#!/bin/sh\nexit 3\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No program anywhere."""
    for name in ("RATCHET_OPA_BIN", "RATCHET_STATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def test_each_place_in_its_order(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OpaMissingError, match="make setup"):
        find_opa()
    last = program(bare / "home/go/bin/opa")
    assert find_opa() == last
    on_path = program(bare / "bin/opa")
    assert find_opa() == on_path
    own = program(bare / "state/bin/opa")
    assert find_opa(state=bare / "state") == own
    monkeypatch.setenv("RATCHET_STATE", str(bare / "state"))
    assert find_opa() == own
    named = program(bare / "named/opa")
    monkeypatch.setenv("RATCHET_OPA_BIN", str(named))
    assert find_opa() == named
    assert find_opa(configured=str(own)) == own


def test_what_is_configured_has_to_work(bare: Path) -> None:
    program(bare / "bin/opa")
    with pytest.raises(OpaMissingError, match="not an executable"):
        find_opa(configured=str(bare / "none"))


def test_a_program_that_fails_is_the_caller_s_to_read(bare: Path) -> None:
    assert run_opa(program(bare / "opa"), ["version"]).returncode == 3


def test_a_program_that_cannot_run_is_an_error(bare: Path) -> None:
    with pytest.raises(OpaFailedError, match="opa version"):
        run_opa(program(bare / "opa", "no program"), ["version"])


def test_a_program_that_does_not_end_is_an_error(bare: Path) -> None:
    with pytest.raises(OpaFailedError, match="no answer within"):
        run_opa(program(bare / "opa", "#!/bin/sh\nexec /bin/sleep 60\n"), ["version"], seconds=0.2)
