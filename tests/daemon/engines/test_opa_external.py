"""A policy server that somebody else runs, or that is not there."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from daemon.engines.opa import opa_engine
from daemon.engines.opa_embedded import EmbeddedOpa
from daemon.engines.opa_external import ExternalOpa
from daemon.gate import Gate, served_revision
from tests.daemon.engines.listening import Ears, wait_for
from tests.daemon.engines.questions import EDIT
from workflows.ports import InfrastructureError

pytestmark = pytest.mark.opa


def test_somebody_else_s_server(engine: EmbeddedOpa, ears: Ears) -> None:
    place = engine.endpoint()
    external = opa_engine(Path("none"), Path("none"), url=place.url, token=place.token, listeners=ears.listeners)
    external.start()
    try:
        assert external.status().mode == "external" and ears.reloaded == [place.revision]
        with contextlib.closing(Gate(external.endpoint, deadline=20.0)) as gate:
            assert gate.decide("edit", EDIT).permitted
    finally:
        external.stop()


def test_somebody_else_s_server_that_is_replaced(
    folder: Path, follower: EmbeddedOpa, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new revision counts once the canaries are denied by it; a server that is gone is a problem until it is back."""
    place = follower.endpoint()
    heard = Ears()
    external = ExternalOpa(place.url, place.token, listeners=heard.listeners, poll=0.1)
    external.start()
    try:
        monkeypatch.setattr("daemon.engines.opa_external.served_revision", lambda endpoint: "")
        wait_for(lambda: heard.rejected)
        assert external.status().problem and external.endpoint().revision == place.revision
        monkeypatch.setattr("daemon.engines.opa_external.served_revision", served_revision)
        wait_for(lambda: heard.restored)
        monkeypatch.setattr("daemon.engines.opa_external.served_revision", lambda endpoint: "r2")
        monkeypatch.setattr("daemon.engines.opa_external.failed_canaries", lambda endpoint: [])
        wait_for(lambda: external.status().revision == "r2")
        assert heard.reloaded == [place.revision, "r2"] and external.status().reloads == 1
    finally:
        external.stop()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://policy.invalid"])
def test_a_server_that_does_not_answer_is_not_used(url: str) -> None:
    external = ExternalOpa(url)
    with pytest.raises(InfrastructureError, match="gives no decision"):
        external.start()
    external.stop()


def test_an_unfit_server_is_not_used(engine: EmbeddedOpa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.engines.opa_external.failed_canaries", lambda endpoint: ["let through"])
    external = ExternalOpa(engine.endpoint().url, engine.endpoint().token)
    with pytest.raises(InfrastructureError, match="unfit bundle: let through"):
        external.start()


def test_a_missing_program_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="RATCHET_OPA_BIN"):
        opa_engine(tmp_path, tmp_path, configured=str(tmp_path / "none"))
