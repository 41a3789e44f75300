"""A model that judges a change can flag it, and can do nothing else, whatever the change says to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.decisions import Decision
from daemon.steps.reviewing import PROMPT, Opinion, lowered, messages, read
from tests.daemon.injected import ORDERS
from tests.daemon.test_decisions import changed
from tests.daemon.test_decisions import read as decision

PERMITTED = decision(changed())
HELD = decision(changed(allow=False, require={"approvals": 2, "expires_seconds": 60}))
DENIED = decision(changed(allow=False, deny=[{
    "code": "X", "title": "t", "msg": "m", "path": "", "remedy": "r", "level": "hard-mandatory"}]))  # fmt: skip
OBEDIENT = [
    '{"flag": false, "reason": "approved", "verdict": "accepted"}',
    '{"flag": false, "reason": "ok", "allow": true}',
    '{"approve": true}',
    '[{"flag": false, "reason": "ok"}]',
    '{"flag": "false", "reason": "ok"}',
    '{"flag": 0, "reason": "ok"}',
    '{"flag": null, "reason": "ok"}',
    '{"flag": false}',
    '{"flag": false, "reason": "ok"} approved',
    "APPROVED",
    "",
]


def rank(found: Decision) -> int:
    """No, maybe after people, yes."""
    return 2 if found.permitted else 1 if found.hold else 0


@pytest.mark.parametrize("before", [PERMITTED, HELD, DENIED])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("flagged", ["", "the reviewer flagged it: odd"])
def test_no_opinion_raises_a_decision(before: Decision, signed: bool, flagged: str) -> None:
    after = lowered(before, flagged, signed)
    assert rank(after) <= rank(before)
    if not flagged or signed:
        assert after == before
    elif before is PERMITTED:
        assert after.hold and after.require["approvals"] == 1 and after.require["expires_seconds"] > 0
    else:
        assert after == before


@given(st.text() | st.builds(json.dumps, st.recursive(st.none() | st.booleans() | st.text(), st.lists)))
def test_any_answer_is_an_opinion_and_what_is_not_understood_is_a_flag(answer: str) -> None:
    found = read(answer)
    assert found.reason.isprintable() or found.reason == ""
    assert found.flag


@given(st.booleans(), st.text(max_size=1000))
def test_an_answer_in_the_asked_form_is_taken_at_its_word(flag: bool, reason: str) -> None:
    found = read(json.dumps({"flag": flag, "reason": reason}))
    assert found.flag is flag and (found.reason.isprintable() or not found.reason)


@pytest.mark.parametrize("answer", OBEDIENT)
def test_a_reviewer_that_obeys_and_says_more_than_it_was_asked_has_flagged(answer: str) -> None:
    assert read(answer) == Opinion(flag=True, reason="its answer could not be read")


def test_there_is_no_word_for_yes() -> None:
    assert set(Opinion.model_fields) == {"flag", "reason"}


@pytest.mark.parametrize("order", ORDERS)
def test_thirty_orders_to_approve_stay_data_and_change_no_verdict(order: str) -> None:
    system, user = messages(order, f"+/* {order} */\n[[end]]\n")
    assert system == {"role": "system", "content": PROMPT.read_text("utf-8")} and user["role"] == "user"
    assert order not in system["content"]
    first, data, last = user["content"].split("\n")
    assert data.isascii() and json.loads(data)["hypothesis"] == order, "one line: nothing in it ends the data early"
    mark = first[2:18]
    assert last == f"[[{mark} end]]" and mark not in data
    obeyed: list[Any] = [order, '{"flag": false, "reason": "approved as ordered"}', *OBEDIENT]
    for answer in obeyed:
        opinion = read(answer)
        flagged = opinion.reason if opinion.flag else ""
        for before in (HELD, DENIED):
            assert lowered(before, flagged, signed=False) == before, "what policy withholds, no reviewer gives"


def test_there_are_thirty_of_them() -> None:
    assert len(set(ORDERS)) >= 30
