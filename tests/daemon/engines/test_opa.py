"""The real policy server: the good path, its locked doors, and safe reloads."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.engines.canary import failed_canaries, open_doors
from daemon.engines.opa import Listeners, opa_engine
from daemon.engines.opa_embedded import EmbeddedOpa
from daemon.engines.opa_external import ExternalOpa
from daemon.gate import Endpoint, Gate, served_revision
from policies.bundle import Source
from policies.opa_cli import find_opa
from sandbox.spec import ContainerSpec
from tests.daemon.engines.questions import BUDGET, EDIT, GOOD, PROMOTE, SANDBOX, STOP
from workflows.ports import InfrastructureError

pytestmark = pytest.mark.opa

DATA = "ratchet/edit/data.yaml"


def wait_for(condition: Callable[[], object], seconds: float = 90.0) -> None:
    """Until it holds; fails when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.05)


def copy(checkout: Path, to: Path) -> Path:
    Source.read(checkout / "policies").write(to, tests=True)
    return to


def light(checkout: Path, to: Path) -> Path:
    """A copy with few tests of its own, so that a reload takes little time."""
    for path in copy(checkout, to).rglob("*_test.rego"):
        path.unlink()
    (to / "ratchet/lib/lib_test.rego").write_text("package ratchet.lib_test\n\ntest_nothing if true\n")
    return to


@pytest.fixture(scope="module")
def engine(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedOpa]:
    """The shipped bundle, whole."""
    folder = tmp_path_factory.mktemp("opa")
    engine = EmbeddedOpa(checkout / "policies", folder / "state", opa=find_opa())
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


@pytest.fixture(scope="module")
def gate(engine: EmbeddedOpa) -> Iterator[Gate]:
    with contextlib.closing(Gate(engine.endpoint, deadline=20.0)) as gate:
        yield gate


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
    free = {"asked", "accounts", "day", "verdicts", "env", "labels", "tmpfs"}
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
    assert [found.code for found in got.deny] in (["INPUT"], ["GATE-NO-ANSWER"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.sampled_from(sorted(GOOD)), facts=st.dictionaries(st.text(max_size=8), JSON, max_size=6))
def test_arbitrary_questions_are_denied(gate: Gate, question: str, facts: dict[str, Any]) -> None:
    got = gate.decide(question, facts)
    assert not got.permitted and not got.hold


class Ears:
    """What a listener heard."""

    def __init__(self) -> None:
        self.reloaded: list[str] = []
        self.rejected: list[str] = []
        self.restored: list[str] = []

    @property
    def listeners(self) -> Listeners:
        return Listeners(self.reloaded.append, self.rejected.append, self.restored.append)


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def folder(checkout: Path, tmp_path: Path) -> Path:
    return light(checkout, tmp_path / "policies")


@pytest.fixture
def follower(folder: Path, tmp_path: Path, ears: Ears) -> Iterator[EmbeddedOpa]:
    """A server that follows a light copy of the shipped folder."""
    engine = EmbeddedOpa(folder, tmp_path / "state", opa=find_opa(), listeners=ears.listeners, poll=0.1)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_an_edit_is_used_by_the_next_decision(folder: Path, follower: EmbeddedOpa, ears: Ears) -> None:
    with contextlib.closing(Gate(follower.endpoint, deadline=20.0)) as gate:
        before = gate.decide("edit", EDIT)
        assert before.permitted
        edit(folder / DATA, "forbidden: []", 'forbidden: ["*.c"]')
        wait_for(lambda: follower.status().reloads == 1)
        after = gate.decide("edit", EDIT)
    assert [found.code for found in after.deny] == ["EDIT-FORBIDDEN"]
    assert after.revision == follower.status().revision == Source.read(folder).revision != before.revision
    assert ears.reloaded == [before.revision, after.revision] and ears.rejected == []


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("ratchet/edit/edit.rego", "package ratchet.edit", "package ratchet.edit\n\nallow if {", "types: "),
        (DATA, "files: 40", "files: many", "data: "),
        ("ratchet/edit/protected.rego", '"conftest.py", ', "", "canary: "),
        ("ratchet/stop/stop.rego", "not input.requested == false", "not input.requested == true", "canary: "),
        ("system/authz/authz.rego", "default allow := false", "default allow := true", "canary: "),
    ],
)
def test_a_bad_edit_leaves_the_last_good_one(
    folder: Path, follower: EmbeddedOpa, ears: Ears, name: str, old: str, new: str, problem: str
) -> None:
    revision = follower.status().revision
    good = (folder / name).read_text()
    edit(folder / name, old, new)
    wait_for(lambda: ears.rejected)
    assert ears.rejected[0].startswith(problem)
    status = follower.status()
    assert (status.revision, status.problem, status.rejected) == (revision, ears.rejected[0], 1)
    with contextlib.closing(Gate(follower.endpoint, deadline=20.0)) as gate:
        assert gate.decide("edit", EDIT).revision == revision
    (folder / name).write_text(good)
    wait_for(lambda: ears.restored)
    assert follower.status().problem == "" and ears.restored == [revision] and len(ears.rejected) == 1


def test_a_removed_folder_leaves_the_last_good_one(folder: Path, follower: EmbeddedOpa, ears: Ears) -> None:
    folder.rename(folder.with_name("away"))
    wait_for(lambda: ears.rejected)
    with contextlib.closing(Gate(follower.endpoint, deadline=20.0)) as gate:
        assert gate.decide("edit", EDIT).permitted


def test_decisions_during_reloads_have_one_revision_and_no_error(
    folder: Path, follower: EmbeddedOpa, ears: Ears
) -> None:
    got: list[Any] = []
    over = threading.Event()
    with contextlib.closing(Gate(follower.endpoint, deadline=20.0)) as gate:

        def ask() -> None:
            while not over.is_set():
                got.append(gate.decide("edit", EDIT))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for turn, (old, new) in enumerate([("files: 40", "files: 41"), ("files: 41", "files: 42")], 1):
                edit(folder / DATA, old, new)
                wait_for(lambda turn=turn: follower.status().reloads == turn)  # type: ignore[misc]
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert {decision.cause for decision in got} == {""}
    assert all(decision.permitted for decision in got)
    assert {decision.revision for decision in got} <= set(ears.reloaded)


def test_a_killed_server_is_started_again(follower: EmbeddedOpa) -> None:
    url, revision = follower.endpoint().url, follower.status().revision
    os.kill(follower._running().child.pid, signal.SIGKILL)
    wait_for(lambda: follower.endpoint().url != url)
    with contextlib.closing(Gate(follower.endpoint, deadline=20.0)) as gate:
        got = gate.decide("edit", EDIT)
    assert got.permitted and got.revision == revision


def test_a_start_over_a_broken_folder_uses_the_last_good_one(folder: Path, tmp_path: Path, ears: Ears) -> None:
    state = tmp_path / "state"
    first = EmbeddedOpa(folder, state, opa=find_opa())
    first.start()
    revision = first.status().revision
    first.stop()
    first.stop()
    edit(folder / DATA, "files: 40", "files: [")
    second = EmbeddedOpa(folder, state, opa=find_opa(), listeners=ears.listeners)
    second.start()
    try:
        assert second.status().revision == revision
        assert "types: " in second.status().problem and len(ears.rejected) == 1
    finally:
        second.stop()


def test_without_any_good_bundle_it_does_not_start(folder: Path, tmp_path: Path) -> None:
    edit(folder / DATA, "files: 40", "files: [")
    engine = EmbeddedOpa(folder, tmp_path / "state", opa=find_opa())
    with pytest.raises(InfrastructureError, match="cannot be used: types"):
        engine.start()
    with pytest.raises(InfrastructureError, match="not started"):
        engine.endpoint()
    engine.stop()


def test_nothing_is_left_running(folder: Path, tmp_path: Path) -> None:
    engine = EmbeddedOpa(folder, tmp_path / "state", opa=find_opa())
    engine.start()
    pid = engine._running().child.pid
    engine.stop()
    assert not Path(f"/proc/{pid}").exists()
    assert not list((tmp_path / "state" / "run" / "opa").iterdir())


def test_somebody_else_s_server(engine: EmbeddedOpa, ears: Ears) -> None:
    place = engine.endpoint()
    external = opa_engine(Path("none"), Path("none"), url=place.url, token=place.token, listeners=ears.listeners)
    external.start()
    try:
        assert external.status().mode == "external" and ears.reloaded == [place.revision]
        with contextlib.closing(Gate(external.endpoint, deadline=20.0)) as gate:
            assert gate.decide("edit", EDIT).permitted
    finally:
        external.stop()


def test_somebody_else_s_server_that_is_replaced(
    folder: Path, follower: EmbeddedOpa, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new revision counts once the canaries are denied by it; a server that is gone is a problem until it is back."""
    place = follower.endpoint()
    heard = Ears()
    external = ExternalOpa(place.url, place.token, listeners=heard.listeners, poll=0.1)
    external.start()
    try:
        monkeypatch.setattr("daemon.engines.opa_external.served_revision", lambda endpoint: "")
        wait_for(lambda: heard.rejected)
        assert external.status().problem and external.endpoint().revision == place.revision
        monkeypatch.setattr("daemon.engines.opa_external.served_revision", served_revision)
        wait_for(lambda: heard.restored)
        monkeypatch.setattr("daemon.engines.opa_external.served_revision", lambda endpoint: "r2")
        monkeypatch.setattr("daemon.engines.opa_external.failed_canaries", lambda endpoint: [])
        wait_for(lambda: external.status().revision == "r2")
        assert heard.reloaded == [place.revision, "r2"] and external.status().reloads == 1
    finally:
        external.stop()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://policy.invalid"])
def test_a_server_that_does_not_answer_is_not_used(url: str) -> None:
    external = ExternalOpa(url)
    with pytest.raises(InfrastructureError, match="gives no decision"):
        external.start()
    external.stop()


def test_an_unfit_server_is_not_used(engine: EmbeddedOpa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.engines.opa_external.failed_canaries", lambda endpoint: ["let through"])
    external = ExternalOpa(engine.endpoint().url, engine.endpoint().token)
    with pytest.raises(InfrastructureError, match="unfit bundle: let through"):
        external.start()


def test_a_missing_program_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="RATCHET_OPA_BIN"):
        opa_engine(tmp_path, tmp_path, configured=str(tmp_path / "none"))
