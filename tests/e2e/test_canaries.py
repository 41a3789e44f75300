"""After a whole campaign no planted secret is found anywhere, in any dress, although everything was searched."""

from __future__ import annotations

import json
import secrets

import pytest

from tests.e2e.canaries import DRESSES, FILES, VARIABLES, Canaries, found, places
from tests.e2e.house import Daemon
from tests.e2e.provider import LOOKED, MODEL, Provider

pytestmark = pytest.mark.e2e

BEACON = "cn+" + secrets.token_hex(8)
"""Goes the ways of a secret, openly: what does not find it would not find a secret either."""


@pytest.mark.parametrize("dress", DRESSES)
def test_the_search_knows_every_dress(canaries: Canaries, dress: str) -> None:
    assert len(canaries.by_place) == len(VARIABLES) + len(FILES) + 1 == 25
    for secret in canaries.by_place.values():
        for before in (b"", b"x", b"xy"):
            assert found(canaries.marker, before + DRESSES[dress](secret) + b" and more"), secret
            assert found(canaries.marker, DRESSES[dress](before.decode() + secret)), secret
        assert not found(BEACON, DRESSES[dress](secret))


def test_no_planted_secret_is_found_after_a_campaign(daemon: Daemon, canaries: Canaries, provider: Provider) -> None:
    provider.mark, provider.said = canaries.marker[3:10], BEACON
    name = daemon.start_campaign(target="packing", model=MODEL, candidates=2, in_flight=1, budget={"usd": 0.5})
    note = json.dumps({"text": BEACON, "by": "ana"})
    daemon.temporal("workflow", "update", "execute", "-w", name, "--name", "note", "-i", note)
    report = daemon.result(name)
    assert report["decided"] == 2, report

    feedback = [row.feedback for row in daemon.rows(name)[1:]]
    assert any(LOOKED in one and one.endswith("places: []") for one in feedback), feedback

    reached, betrayed = set(), set()
    for place, data in [*places(daemon), *(("prompts", sent) for sent in provider.prompts)]:
        if found(BEACON, data):
            reached.add(place)
        if found(canaries.marker, data):
            betrayed.add(place)
    assert not betrayed
    assert {"audit", "blobs", "records.db", "history", "git", "prompts"} <= reached, reached
    log = daemon.ratchet("audit", "tail", "-n", "1000", "--campaign", name, "--json").stdout
    assert "model.fault" in {row["kind"] for row in json.loads(log)["records"]}, "the key was quoted to the daemon"
