"""What the server decided, the same bundle decides offline; an edited one shows where it would not."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest

from daemon.engines.canary import MUST_DENY
from daemon.engines.opa_process import OpaProcess
from daemon.gate import Gate
from daemon.hindsight import Hindsight, ask_again
from policies.bundle import Source
from policies.opa_cli import find_opa
from tests.daemon.engines.questions import GOOD

pytestmark = pytest.mark.opa
SHIPPED = Path(__file__).parents[2] / "policies"
SPOILERS: tuple[Any, ...] = (None, True, -1, 0, 10**9, "", "x", "../x", [], {}, ["**"], {"x": 1})


def spoilt(facts: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """A question with one value somewhere inside replaced, or gone."""
    found = copy.deepcopy(facts)
    at: Any = found
    while True:
        place = rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if isinstance(at[place], dict | list) and at[place] and rng.random() < 0.8:
            at = at[place]
            continue
        if isinstance(at, dict) and rng.random() < 0.2:
            del at[place]
        else:
            at[place] = rng.choice(SPOILERS)
        return found


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Good, known-bad and spoilt questions, decided by a real server over the shipped policies, as the gate records."""
    place = tmp_path_factory.mktemp("opa")
    server = OpaProcess.start(find_opa(), Source.read(SHIPPED), place / "work", place / "log")
    rows: list[dict[str, Any]] = []
    gate = Gate(lambda: server.endpoint, rows.append, deadline=20.0)
    rng = random.Random(4)
    try:
        for question, facts in GOOD.items():
            gate.decide(question, facts)
            for _ in range(60):
                gate.decide(question, spoilt(facts, rng))
        for _, question, facts, _ in MUST_DENY:
            gate.decide(question, facts)
    finally:
        gate.close()
        server.stop()
    return [{"seq": seq, "campaign": "", "candidate": "", "body": body} for seq, body in enumerate(rows)]


def findings(one: Hindsight) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """Code, path and message of what blocked, then and now."""
    then = [(found["code"], found["path"], found["msg"]) for found in one.record["body"]["deny"]]
    return sorted(then), sorted((found.code, found.path, found.msg) for found in one.now.deny)


def test_the_server_and_the_folder_decide_the_same(recorded: list[dict[str, Any]]) -> None:
    assert not [row for row in recorded if row["body"]["cause"]]
    again = ask_again(Source.read(SHIPPED), recorded)
    assert len(again) == len(recorded) > 300
    assert {one.outcome for one in again} >= {"permitted", "denied"}
    assert [one.record["body"] for one in again if one.flipped] == []
    for one in again:
        then, now = findings(one)
        assert then == now
        assert one.now.require == one.record["body"]["require"]


def test_an_edited_folder_shows_what_it_would_flip(recorded: list[dict[str, Any]]) -> None:
    source = Source.read(SHIPPED)
    name = "ratchet/promote/data.yaml"
    text = source.files[name].replace(b"approvals: 0", b"approvals: 2")
    assert text != source.files[name]
    flips = [one for one in ask_again(Source({**source.files, name: text}), recorded) if one.flipped]
    assert flips
    assert {(one.record["body"]["question"], one.then, one.outcome) for one in flips} == {
        ("promote", "permitted", "hold")
    }


def test_a_fault_of_the_decision_point_is_left_out(recorded: list[dict[str, Any]]) -> None:
    body = {**recorded[0]["body"], "cause": "infra:away"}
    strange = {**recorded[0]["body"], "question": "weather"}
    assert ask_again(Source.read(SHIPPED), [{"body": body}, {"body": strange}]) == []
