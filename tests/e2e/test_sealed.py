"""Payloads sealed with a key of the daemon's: Temporal's database holds nothing of what a campaign says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.engines.temporal import find_temporal
from tests.e2e.house import RATCHET, Daemon
from tests.number import place_number

pytestmark = pytest.mark.e2e

CANARY = "Magpie-4711"
ANSWER = f"HYPOTHESIS: {CANARY} says so\n\nnumber.py\n```python\ndef value(_):\n    return [{{}}]\n```\n"


@pytest.fixture(params=["true", "false"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Daemon]:
    (tmp_path / "scripts").mkdir()
    wrong = f"def value(_):\n    raise ValueError('{CANARY} fails')\n"
    lines = [ANSWER.format(4.5), f"HYPOTHESIS: {CANARY}\n\nnumber.py\n```python\n{wrong}```\n"]
    (tmp_path / "scripts" / "two.jsonl").write_text("".join(json.dumps({"answer": line}) + "\n" for line in lines))
    daemon = Daemon(tmp_path, RATCHET_SCRIPTS=str(tmp_path / "scripts"), RATCHET_ENCRYPT_PAYLOADS=request.param)
    place_number(daemon.targets, "def value(_):\n    return [2.5]\n")
    daemon.start()
    yield daemon
    daemon.end()


def test_the_database_holds_a_campaigns_words_only_where_payloads_are_not_sealed(home: Daemon) -> None:
    sealed = home.env["RATCHET_ENCRYPT_PAYLOADS"] == "true"
    name = home.start_campaign(
        target="number", model="ratchet/scripted/two", strategy="iid", candidates=2, in_flight=1, fix=0.0
    )
    home.until(lambda: home.ended(name))
    shown = home.ratchet("campaign", "status", name, "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["verdicts"] == {"accepted": 1, "failed": 1}
    plain = home.temporal("workflow", "result", "-w", name, "-o", "json").stdout
    assert ("accepted" in plain) != sealed
    if sealed:
        assert "accepted" in through_the_codec(home, name)
    home.stop()
    kept = b"".join(path.read_bytes() for path in (home.state / "engines").glob("temporal.db*"))
    assert len(kept) > 100_000
    assert (CANARY.encode() in kept) != sealed, "the search finds it where it is, and nowhere else"


def through_the_codec(home: Daemon, name: str) -> str:
    """The result as the Temporal CLI shows it with the help of `ratchet codec`."""
    server = subprocess.Popen([str(RATCHET), "codec", "--port", "0"], env=home.env, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        words = server.stdout.readline().split()
        assert words[::2] == ["--codec-endpoint", "--codec-auth"]
        ask = [str(find_temporal()), "workflow", "result", "-w", name, "--address", home.endpoints["temporal"]]
        return subprocess.run([*ask, *words], capture_output=True, text=True, timeout=60, check=True).stdout
    finally:
        server.terminate()
        server.communicate()
