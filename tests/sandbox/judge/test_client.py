"""The host trusts no answer blindly: a judge that is gone, late or broken is our own fault, told in words."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.exits import Exit
from sandbox.judge.arm import listen
from sandbox.judge_client import CONTROL, JudgeClient
from sandbox.judge_verdicts import verdict_of
from sandbox.judging import Judge
from tests.sandbox.judge.conftest import plant, seed_of
from workflows.ports import InfrastructureError


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Callable[[bytes], JudgeClient]]:
    """A client of a judge that answers its first request with the given bytes and hangs up."""
    folder = tmp_path / ("long-" * 40)
    folder.mkdir()
    listener = listen(folder, CONTROL, 0o600)
    clients: list[JudgeClient] = []
    peers: list[socket.socket] = []

    def make(answer: bytes) -> JudgeClient:
        client = JudgeClient(folder)
        clients.append(client)
        peer, _ = listener.accept()
        peers.append(peer)
        peer.sendall(answer)
        if answer[-1:] != b"+":
            peer.shutdown(socket.SHUT_WR)
        return client

    yield make
    for client in clients:
        client.close()
    for end in (*peers, listener):
        end.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{",
        b"nonsense\n",
        b"[]\n",
        b'{"id":2,"ok":true}\n',
        b'{"id":1}\n',
        b'{"id":1,"fault":"x"}\n',
        b'{"id":1,"error":"target: no cases"}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_every_bad_answer_is_our_fault(answering: Callable[[bytes], JudgeClient], answer: bytes) -> None:
    with pytest.raises(InfrastructureError, match=r"^judge: "):
        answering(answer).ask("open", 5.0)


def test_a_late_answer_is_our_fault(answering: Callable[[bytes], JudgeClient]) -> None:
    client = answering(b'{"id":1,"ok":true}\n+')
    assert client.ask("open", 5.0)["ok"]
    with pytest.raises(InfrastructureError, match="no answer to build within"):
        client.ask("build", 0.05)


def test_a_dead_judge_is_started_anew(judges: Callable[..., Judge], tmp_path: Path) -> None:
    judge = judges("packing")
    judge.session("one", b"x", {}).close()
    assert judge._running is not None
    judge._running.kill()
    assert not judge.alive()
    judge.session("two", b"x", {}).close()
    assert judge.alive()


def test_sessions_run_side_by_side(judges: Callable[..., Judge], tmp_path: Path) -> None:
    judge = judges("packing")
    arms = {arm: plant(tmp_path / arm, seed_of("packing")) for arm in ("child", "parent")}

    def measure(number: int) -> list[str]:
        # Both with the same key, as when a step is taken twice at once.
        with judge.session("key", bytes([number]), arms) as session:
            return [pair.first for pair in session.pairs(4, "visible")]

    with ThreadPoolExecutor(3) as pool:
        orders = list(pool.map(measure, range(3)))
    for order in orders:
        assert order[0] != order[1] and order[2] != order[3], "who goes first alternates"


def test_a_broken_evaluator_is_no_candidates_fault(judges: Callable[..., Judge], tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "evaluator.py").write_text("def cases(suite, rng): return []\n")
    judge = judges("packing", folder=str(tmp_path / "broken"))
    with pytest.raises(InfrastructureError, match=r"target: evaluator\.py: the function arguments is missing"):
        judge.session("one", b"x", {})


@pytest.mark.parametrize(
    ("seen", "ended", "verdict"),
    [
        ("lost", Exit(code=137, reason="memory"), "killed:memory"),
        ("lost", Exit(code=137, reason="pids"), "killed:pids"),
        ("lost", Exit(code=137, reason="output"), "killed:output"),
        ("lost", Exit(code=137, reason="timeout"), "killed:timeout"),
        ("lost", Exit(code=139, reason="signal"), "failed:crash"),
        ("lost", Exit(code=0, reason="exit"), "failed:exit"),
        ("lost", None, "failed:crash"),
        ("killed:timeout", Exit(code=137, reason="pids"), "killed:pids"),
        ("killed:timeout", Exit(code=137, reason="killed"), "killed:timeout"),
        ("failed:wrong", Exit(code=137, reason="memory"), "failed:wrong"),
        ("quarantined:late-work", Exit(code=0, reason="exit"), "quarantined:late-work"),
    ],
)
def test_verdicts_from_both_sights(seen: str, ended: Exit | None, verdict: str) -> None:
    assert verdict_of(seen, ended)[0] == verdict
