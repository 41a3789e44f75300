"""Models for novelty in a whole daemon: what they take for an earlier candidate is never evaluated."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.house import Daemon
from tests.number import place_number

pytestmark = pytest.mark.e2e

HEAD = "".join(f"TABLE_{number} = {number * number}\n" for number in range(40))
SEED = f"{HEAD}\n\ndef value(_):\n    return [2.5]\n"
CHANGES = ["return [2.5 + 0.0]", "return [2.5 + 0.25 * 8]", "found = sorted(range(9))\n    return [found[4] + 0.1]"]
"""Nearly the seed; nearly the seed too, and yet better; another way."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("novelty")
    scripts = folder / "scripts"
    scripts.mkdir()
    proposals = []
    for change in CHANGES:
        block = f"<<<<<<< SEARCH\n    return [2.5]\n=======\n    {change}\n>>>>>>> REPLACE\n"
        proposals.append(json.dumps({"answer": f"HYPOTHESIS: {change[:9]}\n\nnumber.py\n{block}"}))
    (scripts / "three.jsonl").write_text("\n".join(proposals) + "\n")
    opinions = [{"given": "0.25 \\* 8", "answer": '{"same": false, "reason": "another constant"}'}]
    opinions.append({"answer": '{"same": true, "reason": "it adds nothing"}'})
    (scripts / "judge.jsonl").write_text("".join(json.dumps(one) + "\n" for one in opinions))
    daemon = Daemon(folder, RATCHET_SCRIPTS=str(scripts))
    place_number(daemon.targets, SEED)
    daemon.start()
    yield daemon
    daemon.end()


def test_the_same_in_other_words_costs_no_evaluation_and_what_differs_goes_on(home: Daemon) -> None:
    name = home.start_campaign(
        target="number",
        model="ratchet/scripted/three",
        strategy="iid",
        candidates=3,
        in_flight=1,
        fix=0.0,
        roles={"embed": "ratchet/hashed", "novelty": "ratchet/scripted/judge"},
    )
    report = home.result(name)
    assert report["verdicts"] == {"failed": 1, "accepted": 2}, [row.reasons for row in home.rows(name)]
    rows = {row.number: row for row in home.rows(name)}
    assert rows[1].verdict == "failed:duplicate" and f"the same as {name}-c0" in rows[1].reasons[0]
    assert "it adds nothing" in rows[1].reasons[0] and rows[1].spent["tokens"] > 0
    told = {number: home.ratchet("audit", "show", "--candidate", f"{name}-c{number}").stdout for number in (1, 2, 3)}
    assert "the same as" in told[1] and "secret inputs" not in told[1]
    assert "and yet another" in told[2] and "another constant" in told[2]
    assert "likeness" not in told[3]
