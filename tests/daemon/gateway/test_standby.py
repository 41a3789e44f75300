"""Roles have models of their own, and another model answers when a provider fails; nothing is bought twice."""

from __future__ import annotations

import pytest

from daemon.gateway import standby
from daemon.gateway.errors import ProviderFault, Refusal
from daemon.gateway.grants import Grant
from daemon.gateway.ports import Completion
from daemon.gateway.requests import Effective
from daemon.gateway.server import Gateway
from tests.daemon.gateway.house import FakeProvider, House, chat, make_grant, post
from tests.daemon.gateway.test_meter import effective

GRANT = make_grant(fallbacks=("fake/one", "fake/two", "fake/three"))


class Down(FakeProvider):
    """Some models fail."""

    def __init__(self, *down: str) -> None:
        super().__init__(lambda request: f"by {request.model}")
        self.down = set(down)

    def complete(self, request: Effective, grant: Grant, call: int) -> Completion:
        if request.model in self.down:
            self.seen.append(request)
            raise ProviderFault("key", "secret detail", billed=False)
        return super().complete(request, grant, call)


def test_the_next_model_answers(house: House) -> None:
    house.provider = Down("fake/one", "fake/two")
    paid = standby.ask(house.meter(), GRANT, 0, effective())
    assert paid.completion.text == "by fake/three"
    assert [request.model for request in house.provider.seen] == ["fake/one", "fake/two", "fake/three"]
    answers = [body for kind, body in house.records.all if kind == "model.answer"]
    assert [body["model"] for body in answers] == ["fake/three"]
    assert house.ledger.statement("camp")["tokens"].spent == 15


def test_what_a_stand_in_answered_is_not_bought_again_when_the_first_is_back(house: House) -> None:
    house.provider = Down("fake/one")
    standby.ask(house.meter(), GRANT, 0, effective())
    house.provider.down.clear()
    paid = standby.ask(house.meter(), GRANT, 0, effective())
    assert (paid.completion.text, paid.replayed, len(house.provider.seen)) == ("by fake/two", True, 2)


def test_when_all_fail_the_last_fault_is_told(house: House) -> None:
    house.provider = Down("fake/one", "fake/two", "fake/three")
    with pytest.raises(Refusal, match="access to the model was refused"):
        standby.ask(house.meter(), GRANT, 0, effective())
    assert house.ledger.statement("camp")["tokens"].spent == 0


def test_our_own_no_asks_nobody_else(house: House) -> None:
    house.provider = Down()
    house.provider.rates = None
    with pytest.raises(Refusal, match="unknown is not free"):
        standby.ask(house.meter(), GRANT, 0, effective())
    assert house.provider.seen == []


def test_a_role_is_served_by_its_model_and_any_other_by_the_grant_s(gateway: Gateway, house: House) -> None:
    folder = gateway.open(make_grant(roles={"plan": "fake/planner"}))
    for role in ("plan", "edit", "review"):
        assert post(folder, chat() | {"model": f"ratchet:{role}"})[0] == 200
    assert [request.model for request in house.provider.seen] == ["fake/planner", "fake/one", "fake/one"]
