"""`ratchet codec` and `ratchet audit witness`: what cannot be used is said in a sentence."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from daemon.cli import errors
from daemon.records.keys import ensure_signing_key, public_path
from tests.daemon.cli.conftest import Ratchet


@pytest.fixture
def log_key(tmp_path: Path) -> Path:
    ensure_signing_key(tmp_path / "log.pem")
    return public_path(tmp_path / "log.pem")


def test_a_codec_without_keys_or_with_spoilt_ones(ratchet: Ratchet, tmp_path: Path) -> None:
    assert "nothing is sealed" in ratchet("codec").err
    keys = tmp_path / "state" / "keys" / "payload"
    keys.parent.mkdir(parents=True)
    keys.write_text("x y\n")
    keys.chmod(0o600)
    for words in (("codec",), ("campaign", "list")):
        said = ratchet(*words)
        assert said.code == errors.USAGE and "line 1 of" in said.err
    keys.chmod(0o644)
    assert "chmod 600" in ratchet("codec").err


def test_a_witness_that_cannot_be_run(ratchet: Ratchet, tmp_path: Path, log_key: Path) -> None:
    def told(name: str, log: str, *more: str, code: int = errors.USAGE) -> str:
        said = ratchet("audit", "witness", "--folder", str(tmp_path / "w"), "--name", name, "--log", log, *more)
        assert said.code == code, said
        return said.err

    assert "without a blank" in told("a b", f"x={log_key}")
    assert "ORIGIN=FILE" in told("a", "x")
    assert "cannot read" in told("a", "x=/nowhere")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "give --port" in told("a", f"x={log_key}", "--port", port, code=errors.INFRASTRUCTURE)


def test_a_witness_that_is_asked_for_has_to_be_named_by_its_key(ratchet: Ratchet, tmp_path: Path) -> None:
    (tmp_path / "state" / "audit").mkdir(parents=True)
    said = ratchet("audit", "verify", "--witness", "nonsense")
    assert said.code == errors.USAGE and "no witness's key" in said.err
