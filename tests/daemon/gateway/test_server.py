"""The gateway over a real socket: what it serves, to whom, and what is left when something breaks."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from daemon.gateway.server import Gateway
from tests.daemon.gateway.house import House, UnixConnection, chat, make_grant, post
from workflows.ports import InfrastructureError


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


def test_a_retried_step_is_answered_from_the_journal(gateway: Gateway, house: House) -> None:
    texts = iter(["first", "second", "third"])
    house.provider.answer = lambda request: next(texts)
    for _ in range(2):
        folder = gateway.open(make_grant())
        said = [post(folder, chat(text))[1]["choices"][0]["message"]["content"] for text in ("a", "b")]
        assert said == ["first", "second"]
        usage = gateway.close("camp-c1", folder)
    assert (usage.calls, usage.replayed, usage.tokens) == (2, 2, 0)
    assert len(house.provider.seen) == 2
    assert house.ledger.statement("camp")["tokens"].spent == 30


def test_calls_are_counted_to_the_grants_limit(gateway: Gateway) -> None:
    folder = gateway.open(make_grant(max_calls=2))
    assert [post(folder, chat())[0] for _ in range(4)] == [200, 200, 429, 429]
    assert gateway.close("camp-c1").refused == ("calls", "calls")


def test_answers_beyond_one_call_at_a_time_are_refused(gateway: Gateway, house: House) -> None:
    go, asked = threading.Event(), threading.Semaphore(0)

    def slow(request: object) -> str:
        asked.release()
        go.wait(20)
        return "late"

    house.provider.answer = slow
    folder = gateway.open(make_grant())
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(post(folder, chat())[0])) for _ in range(4)]
    threads[0].start()
    asked.acquire()
    for thread in threads[1:]:
        thread.start()
    while len(found) < 2:
        time.sleep(0.01)
    go.set()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 200, 429, 429]


def test_a_client_that_leaves_does_not_lose_the_answer(gateway: Gateway, house: House) -> None:
    go, asked = threading.Event(), threading.Event()

    def slow(request: object) -> str:
        asked.set()
        go.wait(20)
        return "paid for"

    house.provider.answer = slow
    folder = gateway.open(make_grant())
    connection = UnixConnection(folder / "model.sock")
    connection.request(
        "POST", "/v1/chat/completions", json.dumps(chat()).encode(), {"Content-Type": "application/json"}
    )
    assert asked.wait(20)
    connection.close()
    gateway.close("camp-c1", folder)
    threading.Timer(0.2, go.set).start()
    folder = gateway.open(make_grant())
    assert post(folder, chat())[1]["choices"][0]["message"]["content"] == "paid for"
    assert len(house.provider.seen) == 1


def test_only_the_granted_uid_is_served(house: House) -> None:
    gateway = Gateway(house.meter(), house.folder / "run", uids=[os.getuid() + 1])
    gateway.start()
    try:
        folder = gateway.open(make_grant())
        with pytest.raises((OSError, EOFError, Exception), match=r"reset|closed|disconnected|pipe"):
            post(folder, chat())
        assert house.provider.seen == []
    finally:
        gateway.stop()


def test_only_the_bound_container_is_served(house: House) -> None:
    gateway = Gateway(
        house.meter(), house.folder / "run", uids=[os.getuid()], container_of=lambda pid: f"container of {pid}"
    )
    gateway.start()
    try:
        folder = gateway.open(make_grant())
        gateway.bind("camp-c1", "some other container")
        assert post(folder, chat())[1]["error"]["code"] == "identity"
        gateway.bind("camp-c1", f"container of {os.getpid()}")
        assert post(folder, chat())[0] == 200
    finally:
        gateway.stop()


def test_a_late_close_leaves_the_retrys_socket_alone(gateway: Gateway) -> None:
    old = gateway.open(make_grant())
    new = gateway.open(make_grant())
    assert old != new
    gateway.close("camp-c1", old)
    assert post(new, chat())[0] == 200
    assert not old.exists()


def test_the_sockets_directory_may_be_mounted_for_a_stranger(gateway: Gateway) -> None:
    folder = gateway.open(make_grant())
    assert folder.stat().st_mode & 0o777 == 0o755
    assert (folder / "model.sock").stat().st_mode & 0o777 == 0o666
    assert len(folder.name) == 16


def test_a_long_run_directory_is_no_obstacle(house: House) -> None:
    deep = house.folder / ("d" * 60) / ("e" * 60)
    gateway = Gateway(house.meter(), deep, uids=[os.getuid()])
    gateway.start()
    try:
        folder = gateway.open(make_grant())
        link = house.folder / "short"
        link.symlink_to(folder)
        assert len(str(folder)) > 108
        descriptor = os.open(folder, os.O_PATH)
        try:
            assert post(Path(f"/proc/self/fd/{descriptor}"), chat())[0] == 200
        finally:
            os.close(descriptor)
    finally:
        gateway.stop()


def test_sockets_that_a_crash_left_are_removed_at_start(house: House) -> None:
    left = house.folder / "run" / "0123456789abcdef"
    left.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(left / "model.sock"))
    gateway = Gateway(house.meter(), house.folder / "run")
    gateway.start()
    gateway.stop()
    assert not left.exists()


def test_nothing_works_before_start_or_after_stop(house: House) -> None:
    gateway = Gateway(house.meter(), house.folder / "run")
    with pytest.raises(InfrastructureError, match="not started"):
        gateway.open(make_grant())
    gateway.start()
    folder = gateway.open(make_grant())
    gateway.stop()
    gateway.stop()
    assert not folder.exists()
    with pytest.raises(InfrastructureError, match="not started"):
        gateway.close("camp-c1")


def test_an_unusable_run_directory_is_our_fault(house: House) -> None:
    (house.folder / "file").write_text("")
    with pytest.raises(InfrastructureError, match="gateway: cannot use"):
        Gateway(house.meter(), house.folder / "file" / "run").start()


def test_a_broken_audit_log_stops_the_call(gateway: Gateway, house: House) -> None:
    def broken(kind: str, body: object) -> None:
        raise OSError("disk full at /secret/place")

    house.records.hook = broken
    folder = gateway.open(make_grant())
    status, answer = post(folder, chat())
    assert (status, answer["error"]["code"]) == (503, "infrastructure")
    assert "secret" not in str(answer)
    assert house.provider.seen == []
    assert gateway.close("camp-c1").faults == ("infrastructure",)
