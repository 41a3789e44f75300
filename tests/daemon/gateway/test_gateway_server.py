"""The gateway over a real socket: what it serves, and what it refuses."""

from __future__ import annotations

from gateway_house import House, chat, make_grant, post

from daemon.gateway.server import Gateway


def test_a_call_is_answered_and_metered(gateway: Gateway, house: House) -> None:
    folder = gateway.open(make_grant())
    status, answer = post(folder, chat())
    assert status == 200
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "hello"}
    assert answer["usage"]["total_tokens"] == 15
    usage = gateway.close("camp-c1", folder)
    assert (usage.calls, usage.tokens, usage.micro_usd) == (1, 15, 20)
    assert house.records.kinds() == ["model.call", "model.answer"]
    assert not folder.exists()
