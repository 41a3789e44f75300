"""One metered call: nothing is paid twice, nothing goes unseen, and a kill at any line never under-reports."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from daemon.gateway.errors import ProviderFault, Refusal, classify
from daemon.gateway.grants import Grant
from daemon.gateway.ports import Completion
from daemon.gateway.pricing import Price
from daemon.gateway.requests import Effective
from tests.daemon.gateway.house import FakeProvider, House, make_grant


def effective(text: str = "hi", max_tokens: int = 100) -> Effective:
    return Effective(
        model="fake/one", messages=[{"role": "user", "content": text}], max_tokens=max_tokens, parameters={"seed": 7}
    )


RESERVED = 2 + 16 + 100
"""Tokens that `effective()` can take at most: bytes of the text, overhead of one message, answer."""


class Killed(BaseException):
    """Stands for kill -9: no handler of ours runs."""


class Failing(FakeProvider):
    """Raises the faults it is given, then answers."""

    def __init__(self, *faults: ProviderFault) -> None:
        super().__init__()
        self.faults = list(faults)

    def complete(self, request: Effective, grant: Grant, call: int) -> Completion:
        if self.faults:
            self.seen.append(request)
            raise self.faults.pop(0)
        return super().complete(request, grant, call)


def test_the_maximum_is_reserved_while_the_provider_works(house: House) -> None:
    seen: list[int] = []

    def look(request: Effective) -> str:
        line = house.ledger.statement("camp")["tokens"]
        seen.append(line.reserved)
        return "ok"

    house.provider.answer = look
    paid = house.meter().call(make_grant(), 0, effective())
    assert seen == [RESERVED]
    line = house.ledger.statement("camp")["tokens"]
    assert (line.spent, line.reserved) == (15, 0)
    assert paid.spent == {"tokens": 15, "micro_usd": 20}


STEPS = ["reserve", "begin", "model.call", "complete", "finish", "model.answer", "settle"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_step_never_under_reports(
    step: str, when: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    charged = 0

    def charge(request: Effective) -> str:
        nonlocal charged
        charged += 15
        return "ok"

    house.provider.answer = charge
    owners: dict[str, Any] = {
        "reserve": house.ledger,
        "settle": house.ledger,
        "begin": house.journal,
        "finish": house.journal,
        "complete": house.provider,
    }
    if step.startswith("model."):

        def dying_record(kind: str, body: dict[str, Any]) -> None:
            if kind == step:
                raise Killed

        house.records.hook = dying_record
    else:
        real = getattr(owners[step], step)

        def dying(*arguments: Any) -> Any:
            if when == "before":
                raise Killed
            real(*arguments)
            raise Killed

        monkeypatch.setattr(owners[step], step, dying)
    with pytest.raises(Killed):
        house.meter().call(make_grant(), 0, effective())
    line = house.ledger.statement("camp")["tokens"]
    assert line.spent + line.reserved >= charged
    monkeypatch.undo()
    house.records.hook = lambda kind, body: None

    again = house.meter().call(make_grant(), 0, effective())
    line = house.ledger.statement("camp")["tokens"]
    assert again.completion.text == "ok"
    assert line.spent >= charged
    assert line.reserved == 0
    finished_first = step in ("settle", "model.answer") or (step == "finish" and when == "after")
    assert again.replayed is finished_first
    unasked = step in ("reserve", "begin", "model.call") or (step, when) == ("complete", "before")
    assert charged == (15 if finished_first or unasked else 30)


def test_a_cap_for_ten_admits_ten_of_fifty(house: House) -> None:
    house.ledger.open("small", {"tokens": 10 * RESERVED, "micro_usd": 10**9})
    start = threading.Barrier(50)
    hold = threading.Event()
    admitted, refused = [], []
    house.provider.answer = lambda request: "ok" if hold.wait(30) else "late"

    def one(number: int) -> None:
        start.wait()
        try:
            admitted.append(house.meter().call(make_grant(candidate=f"c{number}", campaign="small"), 0, effective()))
        except Refusal as refusal:
            refused.append(refusal.rule)
            if len(refused) == 40:
                hold.set()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(admitted), refused) == (10, ["budget:tokens"] * 40)


def test_no_provider_call_without_budget(house: House) -> None:
    house.ledger.open("poor", {"tokens": RESERVED - 1, "micro_usd": 10**9})
    with pytest.raises(Refusal, match="budget: tokens has 117 left"):
        house.meter().call(make_grant(campaign="poor"), 0, effective())
    assert house.provider.seen == []


def test_an_unknown_price_is_not_zero(house: House) -> None:
    house.provider.rates = None
    with pytest.raises(Refusal) as refused:
        house.meter().call(make_grant(), 0, effective())
    assert refused.value.rule == "price-unknown"
    assert house.provider.seen == []


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_passing_troubles_are_tried_again_each_with_its_own_ledger_line(status: int, house: House) -> None:
    kind = classify(status)
    house.provider = Failing(*(ProviderFault(kind, "x", billed=False, retry_after=2.0) for _ in range(2)))
    paid = house.meter().call(make_grant(), 0, effective())
    assert paid.key.endswith("/2")
    assert house.waits == [2.0, 2.0]
    assert house.records.kinds() == ["model.call", "model.fault"] * 2 + ["model.call", "model.answer"]
    assert house.ledger.statement("camp")["tokens"].spent == 15


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 422])
def test_other_troubles_are_tried_once(status: int, house: House) -> None:
    house.provider = Failing(*[ProviderFault(classify(status), "key sk-secret", billed=False)] * 9)
    with pytest.raises(Refusal) as refused:
        house.meter().call(make_grant(), 0, effective())
    assert len(house.provider.seen) == 1
    assert "secret" not in refused.value.body().decode()
    assert refused.value.rule == f"provider-{classify(status)}"


def test_five_attempts_are_the_most(house: House) -> None:
    house.provider = Failing(*[ProviderFault("overloaded", "x", billed=True)] * 9)
    with pytest.raises(Refusal, match="not available now"):
        house.meter().call(make_grant(), 0, effective())
    assert len(house.provider.seen) == 5
    assert house.waits == [0.5, 1.0, 2.0, 4.0]
    assert house.ledger.statement("camp")["tokens"].spent == 5 * RESERVED


def test_another_request_at_the_same_index_is_another_call(house: House) -> None:
    house.meter().call(make_grant(), 0, effective("a"))
    assert not house.meter().call(make_grant(), 0, effective("b")).replayed
    assert house.meter().call(make_grant(), 0, effective("a")).replayed


def test_what_was_said_is_kept_by_hash_only(house: House) -> None:
    house.provider.answer = lambda request: "the answer"
    house.meter().call(make_grant(), 0, effective("the question"))
    assert "the question" not in str(house.records.all)
    assert "the answer" not in str(house.records.all)
    body = dict(house.records.all)["model.answer"]
    assert house.blobs[body["answer"]] == b"the answer"


def test_costs_are_rounded_up_in_micro_usd() -> None:
    price = Price(input=150_000, output=600_000, long_input=300_000)
    assert price.micro_usd(1, 0) == 1
    assert price.micro_usd(1_000, 1_000) == 750
    assert price.micro_usd(200_000, 0) == 60_000
    assert price.most(1_000, 0) == 300
