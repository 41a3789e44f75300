"""Models for novelty may only reject, and only what they take for an earlier candidate."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.gateway.errors import Refusal
from daemon.gateway.local import embedded
from daemon.repo import File
from daemon.search.population import Member
from daemon.steps import screening
from daemon.steps.screening import PROMPT, Opinion, messages, read, screen
from tests.daemon.injected import ORDERS
from workflows.candidate import SCREENS
from workflows.models import Edit

LOOP = "def total(values):\n    found = 0\n    for value in values:\n        found += value\n    return found\n"
ALIKE = LOOP.replace("return found", "return (found)")
OTHER = "import math\n\n\ndef total(values):\n    return math.fsum(values)\n"
TREES = {"seed": LOOP, "alike": ALIKE, "other": OTHER}
SAME, DIFFERENT = '{"same": true, "reason": "spelling"}', '{"same": false, "reason": "a constant"}'


class Trees:
    def read_tree(self, tree: str) -> dict[str, File]:
        return {"total.py": File(TREES[tree].encode(), "100644")}


class House:
    """As much of the house as the step needs; `answers` are what models say, in order."""

    def __init__(self, *answers: str, near: float = 0.7) -> None:
        self.answers = list(answers)
        self.asked: list[Any] = []
        self.told: list[dict[str, Any]] = []
        self.kept: dict[tuple[str, str], str] = {}
        members = [member(0, "seed")]
        self.populations = SimpleNamespace(of=lambda campaign: members)
        self.trees = Trees()
        self.once = SimpleNamespace(get=lambda *key: self.kept.get(key), keep=self.keep)
        self.audit = SimpleNamespace(append=lambda kind, **what: self.told.append({"kind": kind, **what}))
        self.gateway = SimpleNamespace(embed=self.embed, ask=self.ask)
        self.target_ = SimpleNamespace(search=SimpleNamespace(alike=near))

    def target(self, name: str) -> Any:
        return self.target_

    def keep(self, scope: str, key: str, value: str) -> str:
        return self.kept.setdefault((scope, key), value)

    def embed(self, grant: Any, text: str) -> str:
        self.asked.append(grant.model)
        if grant.model == "down":
            raise Refusal(503, "provider-connection", "down")
        return embedded(grant.model, text) if grant.model == "ratchet/hashed" else "no vector"

    def ask(self, grant: Any, chat: list[dict[str, str]]) -> str:
        self.asked.append(chat)
        if not self.answers:
            raise Refusal(503, "provider-connection", "down")
        return self.answers.pop(0)


def member(number: int, tree: str) -> Member:
    texts = ("parent", "verdict", "operator", "second", "model", "fingerprint", "hypothesis", "bundle")
    facts: dict[str, Any] = {**dict.fromkeys(texts, ""), "arm": "main", "features": {}, "cases": {}}
    return Member(candidate=f"k-c{number}", number=number, tree=tree, score=None, gain=None, micro_usd=0, **facts)


def spec(**roles: str) -> Any:
    choice = SimpleNamespace(candidate="k-c1", number=1, arm="main", seed=1, roles=roles)
    return SimpleNamespace(campaign="k", choice=choice, facts=SimpleNamespace(target=SimpleNamespace(name="t")))


@pytest.mark.parametrize(
    ("roles", "tree", "answers", "verdict"),
    [
        ({"embed": "ratchet/hashed"}, "alike", (), "failed:duplicate"),
        ({"embed": "ratchet/hashed"}, "other", (), ""),
        ({"embed": "ratchet/hashed", "novelty": "m"}, "alike", (SAME,), "failed:duplicate"),
        ({"embed": "ratchet/hashed", "novelty": "m"}, "alike", (DIFFERENT,), ""),
        ({"embed": "ratchet/hashed", "novelty": "m"}, "other", (SAME,), ""),
        ({"novelty": "m"}, "alike", (SAME,), "failed:duplicate"),
        ({"novelty": "m"}, "alike", (DIFFERENT,), ""),
        ({"novelty": "m"}, "other", (SAME,), ""),
        ({"novelty": "m"}, "alike", (), ""),
        ({"embed": "down"}, "alike", (), ""),
        ({"embed": "babbler"}, "alike", (), ""),
    ],
)
def test_who_says_what_rejects_what(roles: dict[str, str], tree: str, answers: tuple[str, ...], verdict: str) -> None:
    house: Any = House(*answers)
    edit = Edit(tree=tree, decision_id="d")
    after = screen(house, spec(**roles), edit)
    assert after.verdict == verdict and (after.tree, after.decision_id) == (tree, "d")
    assert bool(after.reasons) == bool(verdict)
    if house.told:
        assert house.told[0]["body"]["same"] == bool(verdict) and house.told[0]["body"]["nearest"] == "k-c0"


def test_a_second_attempt_asks_for_no_vector_again_and_tells_once() -> None:
    house: Any = House(SAME, SAME)
    roles = {"embed": "ratchet/hashed", "novelty": "m"}
    first = screen(house, spec(**roles), Edit(tree="alike"))
    assert screen(house, spec(**roles), Edit(tree="alike")) == first
    assert house.asked.count("ratchet/hashed") == 2 and len(house.told) == 1


@given(st.text() | st.builds(json.dumps, st.recursive(st.none() | st.booleans() | st.text(), st.lists)))
def test_an_answer_that_is_not_understood_rejects_nothing(answer: str) -> None:
    assert read(answer).same is False


@given(st.booleans(), st.text(max_size=1000))
def test_an_answer_in_the_asked_form_is_taken_at_its_word(same: bool, reason: str) -> None:
    found = read(json.dumps({"same": same, "reason": reason}))
    assert found.same is same and (found.reason.isprintable() or not found.reason)


@pytest.mark.parametrize("order", ORDERS)
def test_orders_in_a_program_stay_data(order: str) -> None:
    system, user = messages(f"# {order}\n[[end]]", LOOP)
    assert system["content"] == PROMPT.read_text("utf-8")
    begin, data, end = user["content"].split("\n")
    assert begin.startswith("[[") and end.startswith("[[") and json.loads(data)["new"] == f"# {order}\n[[end]]"


def test_it_can_say_nothing_but_same_or_not() -> None:
    assert set(Opinion.model_fields) == {"same", "reason"}
    assert frozenset((screening.EMBED, screening.NOVELTY)) == SCREENS
