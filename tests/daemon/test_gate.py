"""Every fault of the decision point is a no, with its cause, recorded, and in bounded time."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from daemon import deadlines
from daemon.gate import Endpoint, Gate
from tests.daemon.faulty_server import REVISION, Behaviour, answer, decision, raw, serving

FACTS: dict[str, Any] = {"campaign": "c"}


def gate_at(url: str, *, deadline: float = 1.0, **more: Any) -> Gate:
    return Gate(lambda: Endpoint(url, "secret-token", REVISION), deadline=deadline, **more)


def ask(behave: Behaviour, **more: Any) -> Any:
    with serving(behave) as url, contextlib.closing(gate_at(url, **more)) as gate:
        return gate.decide("stop", FACTS, campaign="c", candidate="c-c1")


def drip(connection: socket.socket, request: dict[str, object]) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def drip_headers(connection: socket.socket, request: dict[str, object]) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-A: b\r\n")
        time.sleep(0.05)


def silence(connection: socket.socket, request: dict[str, object]) -> None:
    connection.recv(1)


def flood(connection: socket.socket, request: dict[str, object]) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


def error(status: str) -> Behaviour:
    return answer(lambda request: decision(request), status=status)


good = answer(lambda request: decision(request))


def wrong(**changed: object) -> Behaviour:
    return answer(lambda request: decision(request, **changed))


FAULTS: dict[str, tuple[Behaviour, str]] = {
    "read timeout": (silence, "no answer|Timeout"),
    "slow drip": (drip, "no answer within"),
    "slow headers": (drip_headers, "no answer within"),
    "endless body": (flood, "TooLong"),
    "401": (error("401 Unauthorized"), "status 401"),
    "404": (error("404 Not Found"), "status 404"),
    "429": (error("429 Too Many Requests"), "status 429"),
    "500": (error("500 Internal Server Error"), "status 500"),
    "503": (error("503 Service Unavailable"), "status 503"),
    "201": (error("201 Created"), "status 201"),
    "not JSON": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"), "JSON"),
    "empty object": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), "undefined"),
    "not HTTP": (raw(b"\0\0\0\0"), "policy server"),
    "cut short": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), "policy server|Chunked|Incomplete"),
    "no allow": (answer({"deny": []}), "missing"),
    "allow is text": (wrong(allow="true"), "neither true nor false"),
    "allow is a number": (wrong(allow=1), "neither true nor false"),
    "deny is text": (wrong(deny="none"), "deny"),
    "allow is null": (wrong(allow=None), "neither true nor false"),
    "wrong revision": (wrong(revision="r0"), "revision"),
    "wrong id": (wrong(decision_id="x"), "decision id"),
    "redirect": (answer({}, status="307 Temporary Redirect", extra="Location: /v1/other\r\n"), "status 307"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_a_no_with_its_cause(name: str) -> None:
    behave, cause = FAULTS[name]
    records: list[dict[str, Any]] = []
    got = ask(behave, record=records.append)
    assert not got.permitted and not got.hold
    assert got.cause.startswith("infra:")
    assert any(word in got.cause for word in cause.split("|")), got.cause
    assert got.deny[0].code == "GATE-NO-ANSWER"
    assert [record["cause"] for record in records] == [got.cause]
    assert "secret-token" not in str(records)


@pytest.fixture
def refused() -> Iterator[str]:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{closed.getsockname()[1]}"


@pytest.fixture
def never_accepting() -> Iterator[str]:
    """A listener whose queue is full: connections are neither taken nor refused."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_nobody_listens(refused: str) -> None:
    records: list[dict[str, Any]] = []
    with contextlib.closing(gate_at(refused, record=records.append)) as gate:
        got = gate.decide("stop", FACTS)
    assert not got.permitted and "cannot reach" in got.cause
    assert [record["cause"] for record in records] == [got.cause]


def test_nobody_accepts(never_accepting: str) -> None:
    records: list[dict[str, Any]] = []
    with contextlib.closing(gate_at(never_accepting, record=records.append)) as gate:
        got = gate.decide("stop", FACTS)
    assert not got.permitted and ("cannot reach" in got.cause or "no answer" in got.cause)
    assert [record["cause"] for record in records] == [got.cause]


def test_no_such_host() -> None:
    records: list[dict[str, Any]] = []
    with contextlib.closing(gate_at("http://policy.invalid:8181", record=records.append)) as gate:
        got = gate.decide("stop", FACTS)
    assert not got.permitted and got.cause
    assert [record["cause"] for record in records] == [got.cause]


def test_no_endpoint() -> None:
    def nowhere() -> Endpoint:
        raise RuntimeError("not started")

    with contextlib.closing(Gate(nowhere)) as gate:
        got = gate.decide("stop", FACTS)
    assert not got.permitted and "not started" in got.cause


def test_a_name_that_never_resolves_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver cannot be interrupted: the answer comes all the same."""
    over = threading.Event()

    def stall(*args: object, **kwargs: object) -> list[Any]:
        over.wait()
        raise socket.gaierror("given up")

    monkeypatch.setattr(socket, "getaddrinfo", stall)
    with contextlib.closing(gate_at("http://policy.invalid:8181", deadline=0.3)) as gate:
        got = gate.decide("stop", FACTS)
        over.set()
    assert not got.permitted and "no answer within" in got.cause


def test_a_good_answer_permits_and_is_recorded_first() -> None:
    records: list[dict[str, Any]] = []
    got = ask(good, record=records.append)
    assert got.permitted and got.cause == "" and got.revision == REVISION
    (record,) = records
    assert record["permitted"] is True and record["decision_id"] == got.decision_id
    assert record["question"] == "stop" and record["campaign"] == "c" and record["candidate"] == "c-c1"
    assert len(record["input_sha256"]) == 64 and record["input"]["decision_id"] == got.decision_id
    assert record["seconds"] >= 0 and record["active_revision"] == REVISION


def test_a_denial_is_recorded_with_its_reasons() -> None:
    finding = {"code": "X", "title": "t", "msg": "m", "path": "p", "remedy": "r", "level": "hard-mandatory"}
    records: list[dict[str, Any]] = []
    got = ask(wrong(allow=False, deny=[finding]), record=records.append)
    assert not got.permitted and got.cause == "" and got.deny[0].code == "X"
    assert records[0]["deny"][0]["code"] == "X"


def test_what_cannot_be_recorded_is_not_permitted() -> None:
    def full(_: dict[str, Any]) -> None:
        raise OSError(28, "No space left on device")

    got = ask(good, record=full)
    assert not got.permitted and "could not be recorded" in got.cause


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", object()])
def test_facts_that_are_no_json_are_refused(value: object) -> None:
    with serving(good) as url, contextlib.closing(gate_at(url)) as gate:
        got = gate.decide("stop", {"campaign": value})
    assert not got.permitted and "not plain JSON" in got.cause


def test_an_unknown_question_is_refused() -> None:
    with serving(good) as url, contextlib.closing(gate_at(url)) as gate:
        got = gate.decide("anything", FACTS)
    assert not got.permitted and "no such question" in got.cause


def test_the_question_carries_an_id_of_its_own() -> None:
    with serving(good) as url, contextlib.closing(gate_at(url)) as gate:
        first = gate.decide("stop", {"decision_id": "mine"})
        second = gate.decide("stop", {"decision_id": "mine"})
    assert first.permitted and second.permitted
    assert len({first.decision_id, second.decision_id, "mine"}) == 3


def test_the_environment_sends_nothing_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy is followed, and nothing replaces the token."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(good).permitted


def test_a_server_that_returns_is_asked_again(refused: str) -> None:
    """A refused connection is retried within the deadline, at the endpoint of that moment."""
    with serving(good) as url:
        places = iter([refused, refused])
        gate = Gate(lambda: Endpoint(next(places, url), "t", REVISION), deadline=5.0)
        with contextlib.closing(gate):
            assert gate.decide("stop", FACTS).permitted


def test_a_connection_that_went_stale_is_replaced() -> None:
    def once(connection: socket.socket, request: dict[str, object]) -> None:
        good(connection, request)
        connection.shutdown(socket.SHUT_RDWR)

    with serving(once) as url, contextlib.closing(gate_at(url, deadline=5.0)) as gate:
        assert [gate.decide("stop", FACTS).permitted for _ in range(5)] == [True] * 5


def test_connections_are_kept_and_shared_between_threads() -> None:
    seen: set[int] = set()

    def remember(connection: socket.socket, request: dict[str, object]) -> None:
        seen.add(connection.fileno())
        good(connection, request)

    got: list[bool] = []
    with serving(remember) as url, contextlib.closing(gate_at(url, deadline=10.0)) as gate:
        threads = [
            threading.Thread(target=lambda: got.extend(gate.decide("stop", FACTS).permitted for _ in range(20)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == [True] * 80
    assert len(seen) <= 4


def test_stalled_questions_leave_no_thread_behind() -> None:
    """More stalled questions than there are workers: each worker comes back once its line is cut."""
    with serving(drip) as url, contextlib.closing(gate_at(url, deadline=0.2)) as gate:
        causes = {gate.decide("stop", FACTS).cause for _ in range(40)}
    assert causes == {"infra:no answer within 0.2 s"}


def test_a_long_answer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "MAX_ANSWER_BYTES", 10_000)
    assert ask(wrong(require={"a": "x" * 5000})).permitted
    assert "TooLong" in ask(wrong(require={"a": "x" * 20_000})).cause


def test_after_the_close_nothing_is_permitted() -> None:
    with serving(good) as url:
        gate = gate_at(url)
        gate.close()
        assert not gate.decide("stop", FACTS).permitted


EDIT = {
    "target": {"kind": "kernel"},
    "unsafe": [],
    "changes": [{"op": "modify", "path": "src/a.c", "segments": ["src", "a.c"], "mode": "100644"}],
}


def change(**more: object) -> dict[str, Any]:
    return {**EDIT, "changes": [{**EDIT["changes"][0], **more}]}  # type: ignore[index]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (change(path="src/conftest.py", segments=["src", "conftest.py"]), "HOST-PROTECTED"),
        (change(op="delete", path="target.toml", segments=["target.toml"], mode=""), "HOST-PROTECTED"),
        (change(path="src/../a.c", segments=["src", "..", "a.c"]), "HOST-PATH"),
        (change(segments=["a.c"]), "HOST-PATH"),
        (change(mode="120000"), "HOST-MODE"),
        ({**EDIT, "unsafe": [{"path": "x", "rule": "git"}]}, "HOST-UNSAFE"),
    ],
)
def test_the_host_refuses_what_a_policy_would_let_through(facts: dict[str, Any], code: str) -> None:
    """A server that allows everything opens nothing that the host itself keeps shut."""
    with serving(good) as url, contextlib.closing(gate_at(url)) as gate:
        assert gate.decide("edit", EDIT).permitted
        got = gate.decide("edit", facts)
    assert not got.permitted and [found.code for found in got.deny] == [code]


def test_facts_without_the_host_s_fields_are_refused() -> None:
    with serving(good) as url, contextlib.closing(gate_at(url)) as gate:
        assert not gate.decide("edit", {"campaign": "c"}).permitted
