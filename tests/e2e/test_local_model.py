"""A campaign with a model behind an OpenAI-compatible server that answers nonsense: honest failures, and no crash."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.house import Daemon
from tests.openai_server import Upstream, serving

pytestmark = pytest.mark.e2e

NONSENSE: list[str | None] = [
    "the the the the of of \u0627\u0644 <0x0A> <unused99>",
    "",
    None,
    "```python\ndef",
    "<<<<<<< SEARCH\nno such line\n=======\nx\n>>>>>>> REPLACE",
    "packing.py\n<<<<<<< SEARCH\nnot in the file\n=======\nx\n>>>>>>> REPLACE",
    "HYPOTHESIS: " + "better " * 2000,
    "TOOL: read nothing\nTOOL: search (((\nTOOL: fly",
    '{"role": "assistant", "content": {"a": [[[[',
    "<think>" + "I wonder. " * 500,
    "\x00\x1b[2J\ud83d\u202e",
]


@pytest.fixture(scope="module")
def served() -> Iterator[Upstream]:
    with serving() as server:
        server.answers = NONSENSE
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, served: Upstream) -> Iterator[Daemon]:
    """A daemon whose `ratchet.toml` names the server, as the README says."""
    daemon = Daemon(tmp_path_factory.mktemp("local"))
    (daemon.folder / "ratchet.toml").write_text(
        f'[[models]]\nname = "openai/local"\napi_base = "{served.address}"\napi_key = "none"\n'
        "price = { input = 0, output = 0 }\n"
    )
    daemon.start()
    yield daemon
    daemon.end()


def test_nonsense_ends_as_honest_failures_within_the_calls(home: Daemon, served: Upstream) -> None:
    campaign = home.start_campaign(target="packing", model="openai/local", candidates=6, in_flight=3, patience=50)
    report = home.result(campaign)
    assert report["decided"] == 6 and report["verdicts"] == {"failed": 6}
    verdicts = {row.verdict for row in home.rows(campaign) if row.number}
    assert verdicts <= {"failed:malformed-answer", "failed:no-edit", "failed:no-change"}, verdicts
    assert all("malformed" not in row.hypothesis for row in home.rows(campaign))
    assert 6 <= len(served.seen) <= 6 * 4, "four calls are what a candidate may have"
    assert home.alive() and '"level": "error"' not in home.log_text()
