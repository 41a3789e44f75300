"""The real policy server: the good path, its locked doors, and questions that are none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.engines.canary import failed_canaries, open_doors
from daemon.engines.opa_embedded import EmbeddedOpa
from daemon.gate import Endpoint, Gate
from sandbox.spec import ContainerSpec
from tests.daemon.engines.questions import BUDGET, EDIT, GOOD, PROMOTE, SANDBOX, STOP

pytestmark = pytest.mark.opa


@pytest.mark.parametrize("question", GOOD)
def test_a_good_question_is_permitted(gate: Gate, engine: EmbeddedOpa, question: str) -> None:
    got = gate.decide(question, GOOD[question])
    assert got.permitted, (got.cause, got.reasons)
    assert got.revision == engine.status().revision == gate.revision


def test_the_container_s_own_description_is_understood(gate: Gate) -> None:
    """The schema knows every field that the sandbox can describe, and no other."""
    spec = ContainerSpec.model_validate(SANDBOX["spec"]).model_dump(mode="json")
    assert gate.decide("sandbox", {**SANDBOX, "spec": spec}).permitted


def test_denials_carry_code_remedy_and_level(gate: Gate) -> None:
    got = gate.decide("edit", {**EDIT, "target": {**EDIT["target"], "editable": ["src/**"]}})
    (finding,) = got.deny
    assert (finding.code, finding.path, finding.level) == ("EDIT-OUTSIDE", "matmul.c", "hard-mandatory")
    assert finding.title and finding.msg and "target.toml" in finding.remedy
    assert got.cause == "" and not got.permitted


def test_a_start_says_what_to_use(gate: Gate) -> None:
    require = gate.decide("budget", BUDGET).require
    assert require["caps"]["micro_usd"] == 1000 and require["caps"]["tokens"] > 0
    assert require["in_flight"] >= 1 and require["patience"] >= 1


def test_a_stop_says_why_first(gate: Gate) -> None:
    got = gate.decide("stop", {**STOP, "decided": 40, "requested": True})
    assert [found.word for found in got.deny] == ["requested", "candidates"]
    assert got.require["word"] == "requested"


def test_a_genome_is_held_until_a_second_person_signs(gate: Gate) -> None:
    question = {**PROMOTE, "target": {**PROMOTE["target"], "kind": "genome"}}
    held = gate.decide("promote", question)
    assert held.hold and held.require["approvals"] == 1 and held.require["expires_seconds"] > 0
    by_starter = {**question, "approvals": [{"by": "ann", "verified": True}]}
    assert gate.decide("promote", by_starter).hold
    by_another = {**question, "approvals": [{"by": "ben", "verified": True}]}
    assert gate.decide("promote", by_another).permitted


def test_canaries_are_denied_and_doors_are_shut(engine: EmbeddedOpa) -> None:
    assert failed_canaries(engine.endpoint()) == []
    assert open_doors(engine.endpoint()) == []


def test_a_stranger_s_token_gets_nothing(engine: EmbeddedOpa) -> None:
    place = engine.endpoint()
    with contextlib.closing(Gate(lambda: Endpoint(place.url, "wrong", place.revision))) as gate:
        assert "401" in gate.decide("stop", STOP).cause


def test_the_token_is_in_no_file_and_no_argument(engine: EmbeddedOpa, tmp_path_factory: pytest.TempPathFactory) -> None:
    token = engine.endpoint().token.encode()
    process = engine._running()
    assert token not in Path(f"/proc/{process.child.pid}/cmdline").read_bytes()
    state = process.child.log.parents[1]
    assert not [path for path in state.rglob("*") if path.is_file() and token in path.read_bytes()]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def leaves(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))


@st.composite
def malformed(draw: st.DrawFn) -> tuple[str, Any]:
    """A good question in which one value has become text or an object, or a field is missing or new."""
    question = draw(st.sampled_from(sorted(GOOD)))
    change = draw(st.sampled_from(["replace", "remove", "add"]))
    objects = [path for path in leaves(GOOD[question]) if path]

    def edit(value: Any, path: tuple[Any, ...]) -> Any:
        kept = dict(value) if isinstance(value, dict) else list(value)
        if len(path) > 1:
            kept[path[0]] = edit(kept[path[0]], path[1:])
        elif change == "remove":
            del kept[path[0]]
        elif change == "add" and isinstance(kept, dict):
            kept["more"] = draw(JSON)
        else:
            kept[path[0]] = {"x": draw(JSON)} if isinstance(kept[path[0]], (str, int, float)) else "x"
        return kept

    # Maps from free names to values may lose or gain entries; lists may be shorter: those stay good questions.
    free = {"asked", "accounts", "day", "hour", "verdicts", "env", "labels", "tmpfs"}
    fixed = [
        path
        for path in objects
        if not free & set(path) and (change == "replace" or all(isinstance(part, str) for part in path))
    ]
    return question, edit(GOOD[question], draw(st.sampled_from(fixed)))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=malformed())
def test_malformed_questions_are_denied_by_the_schema(gate: Gate, case: tuple[str, Any]) -> None:
    question, facts = case
    got = gate.decide(question, facts)
    assert not got.permitted and not got.hold
    # Of an edit of the agent the ceiling may be missing: what cannot be read is refused by a rule of its own.
    assert [found.code for found in got.deny] in (["INPUT"], ["GATE-NO-ANSWER"], ["GENOME-UNREADABLE"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.sampled_from(sorted(GOOD)), facts=st.dictionaries(st.text(max_size=8), JSON, max_size=6))
def test_arbitrary_questions_are_denied(gate: Gate, question: str, facts: dict[str, Any]) -> None:
    got = gate.decide(question, facts)
    assert not got.permitted and not got.hold
