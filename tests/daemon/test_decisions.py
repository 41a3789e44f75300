"""Nothing but a whole, right answer permits."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.decisions import BadAnswerError, Decision, Finding, read_answer, refusal

ID, REVISION = "d1", "r1"

GOOD: dict[str, Any] = {
    "result": {
        "schema": 1, "allow": True, "deny": [], "warn": [], "require": {}, "decision_id": ID, "revision": REVISION,
    },
    "provenance": {"version": "1.22.0", "bundles": {"local": {}, "policies": {"revision": REVISION}}},
}  # fmt: skip

FINDING = {"code": "X", "title": "t", "msg": "m", "path": "", "remedy": "r", "level": "hard-mandatory"}


def read(response: object) -> Decision:
    return read_answer("edit", ID, REVISION, response, 0.001)


def permits(response: object) -> bool:
    try:
        return read(response).permitted
    except BadAnswerError:
        return False


def changed(**more: object) -> dict[str, Any]:
    return {**GOOD, "result": {**GOOD["result"], **more}}


def test_the_good_answer_permits() -> None:
    assert permits(GOOD)
    assert permits({"result": GOOD["result"]})
    assert permits(changed(warn=[{**FINDING, "level": "advisory"}], require={"caps": {"tokens": 1}}))


def test_a_denial_is_read_with_its_reasons() -> None:
    got = read(changed(allow=False, deny=[{**FINDING, "path": "a.c", "word": "patience"}]))
    assert got.deny == (Finding("X", "t", "m", "a.c", "r", "hard-mandatory", "patience"),)
    assert got.reasons == ("X a.c: m r",)
    assert not got.permitted and not got.hold and got.cause == ""


def test_a_hold_is_neither() -> None:
    got = read(changed(allow=False, require={"approvals": 2, "expires_seconds": 60}))
    assert got.hold and not got.permitted


@pytest.mark.parametrize("require", [{}, {"approvals": 0}, {"approvals": True}, {"approvals": "2"}])
def test_no_hold_without_a_number_of_people(require: dict[str, object]) -> None:
    got = read(changed(allow=False, require=require))
    assert not got.hold and not got.permitted


def test_a_refusal_permits_nothing() -> None:
    got = refusal("edit", ID, "it is down")
    assert got.cause == "infra:it is down" and got.deny and not got.permitted and not got.hold


WRONG: tuple[object, ...] = (
    None, [], "x", 1, {}, {"result": None}, {"result": True}, {"result": []}, {"result": {}}, {"result": "allow"},
    changed(allow="true"), changed(allow=1), changed(allow=None), changed(allow=[]), changed(allow={}),
    changed(deny=None), changed(deny={}), changed(deny=""), changed(deny=False), changed(deny=[FINDING]),
    changed(deny=[{}]), changed(deny=["x"]), changed(warn=None), changed(warn=[{**FINDING, "code": ""}]),
    changed(warn=[{**FINDING, "level": "none"}]), changed(warn=[{**FINDING, "more": ""}]),
    changed(warn=[{**FINDING, "msg": 1}]), changed(require=None), changed(require=[]),
    changed(schema=2), changed(schema="1"), changed(schema=True), changed(schema=1.0), changed(schema=None),
    changed(decision_id="d2"), changed(decision_id=""), changed(decision_id=None), changed(decision_id=[ID]),
    changed(revision="r2"), changed(revision=""), changed(revision=None), changed(revision="unbuilt"),
    changed(more=1), {**GOOD, "provenance": "x"}, {**GOOD, "provenance": {"bundles": []}},
    {**GOOD, "provenance": {"bundles": {"policies": {"revision": "r2"}}}},
)  # fmt: skip


@pytest.mark.parametrize("response", WRONG, ids=lambda value: str(value)[:60])
def test_a_wrong_answer_permits_nothing(response: object) -> None:
    assert not permits(response)


@pytest.mark.parametrize("field", sorted(GOOD["result"]))
def test_each_field_is_needed(field: str) -> None:
    result = {name: value for name, value in GOOD["result"].items() if name != field}
    assert not permits({"result": result})


def test_an_empty_id_or_revision_never_permits() -> None:
    response = changed(decision_id="", revision="")
    with pytest.raises(BadAnswerError):
        read_answer("edit", "", "", response, 0.0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PLACES = [
    ("result",), *((("result"), name) for name in GOOD["result"]), ("provenance",), ("provenance", "bundles"),
    ("provenance", "bundles", "policies"), ("provenance", "bundles", "policies", "revision"),
]  # fmt: skip
HARMLESS = {("result", "warn"), ("result", "require"), ("provenance",), ("provenance", "bundles")}


@given(place=st.sampled_from(PLACES), value=JSON)
def test_mutated_answers_permit_nothing(place: tuple[str, ...], value: object) -> None:
    """Any other value anywhere that matters turns the permission into none."""
    response = copy.deepcopy(GOOD)
    inner: Any = response
    for name in place[:-1]:
        inner = inner[name]
    assume(type(inner[place[-1]]) is not type(value) or inner[place[-1]] != value)
    inner[place[-1]] = value
    if place in HARMLESS and permits(response):
        assert value in ([], None) or isinstance(value, dict)
    else:
        assert not permits(response)


@given(JSON)
def test_arbitrary_answers_permit_nothing(value: object) -> None:
    assert not permits(value)
    assert not permits({"result": value})
