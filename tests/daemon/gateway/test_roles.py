"""A role has a model of its own, and is recorded and paid as that one."""

from __future__ import annotations

from daemon.gateway.server import Gateway
from tests.daemon.gateway.house import House, chat, make_grant, post


def test_a_role_is_served_by_its_model_and_any_other_by_the_grant_s(gateway: Gateway, house: House) -> None:
    folder = gateway.open(make_grant(roles={"plan": "fake/planner"}))
    for role in ("plan", "edit", "review"):
        assert post(folder, chat() | {"model": f"ratchet:{role}"})[0] == 200
    assert [request.model for request in house.provider.seen] == ["fake/planner", "fake/one", "fake/one"]
    assert next(body["model"] for kind, body in house.records.all if kind == "model.answer") == "fake/planner"
