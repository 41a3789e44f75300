"""Seats: nobody beside what is timed, turns where only a score counts, everybody in the order of asking."""

from __future__ import annotations

import random
import threading
import time

import pytest

from daemon.seats import SHARING, Seats


def test_one_that_sits_alone_has_its_cpu_to_itself_and_two_others_share() -> None:
    seats = Seats(["0", "1"])
    with seats.take(alone=True) as first, seats.take(alone=False) as second, seats.take(alone=False) as third:
        assert second.cpu == third.cpu != first.cpu
    with seats.take(alone=False) as first, seats.take(alone=False) as second:
        assert first.cpu != second.cpu, "an empty CPU comes first"


def test_who_sits_alone_needs_no_turn() -> None:
    with Seats(["0"]).take(alone=True) as seat:
        seat.enter()
        seat.enter()
        seat.leave()
        assert seat.waited == 0.0


def test_leaving_the_seat_gives_the_turn_back_whatever_happened() -> None:
    seats = Seats(["0"])
    with pytest.raises(ZeroDivisionError), seats.take(alone=False) as seat:
        seat.enter()
        raise ZeroDivisionError
    with seats.take(alone=False) as seat, seats.take(alone=False) as other:
        seat.enter()
        seat.leave()
        seat.leave()
        other.enter()
        assert not seats._turns["0"].acquire(blocking=False), "a turn left twice was left once"
        other.leave()


def test_any_number_of_sessions_never_break_the_rules_and_all_get_a_seat() -> None:
    seats, lock = Seats(["0", "1", "2"]), threading.Lock()
    sitting: dict[str, list[bool]] = {cpu: [] for cpu in "012"}
    calling: dict[str, int] = dict.fromkeys("012", 0)
    wrong: list[str] = []
    done: list[int] = []

    def look(cpu: str) -> None:
        there = sitting[cpu]
        if len(there) > SHARING or (any(there) and len(there) > 1) or calling[cpu] > 1:
            wrong.append(f"{cpu}: {there} {calling[cpu]}")

    def work(number: int) -> None:
        draw = random.Random(number)
        for _ in range(20):
            alone = draw.random() < 0.4
            with seats.take(alone=alone) as seat:
                with lock:
                    sitting[seat.cpu].append(alone)
                    look(seat.cpu)
                seat.enter()
                with lock:
                    calling[seat.cpu] += 1
                    look(seat.cpu)
                time.sleep(draw.random() / 2000)
                with lock:
                    calling[seat.cpu] -= 1
                seat.leave()
                with lock:
                    sitting[seat.cpu].remove(alone)
        done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong and len(done) == 12


def test_one_that_wants_to_sit_alone_is_not_passed_over_for_ever() -> None:
    seats, order = Seats(["0"]), []
    first = seats.take(alone=False)
    first.__enter__()

    def sit(name: str, alone: bool) -> None:
        with seats.take(alone=alone):
            order.append(name)

    threads = []
    for name, alone in (("alone", True), ("later", False)):
        threads.append(threading.Thread(target=sit, args=(name, alone)))
        threads[-1].start()
        while len(seats._line) < len(threads):
            time.sleep(0.001)
    first.__exit__(None, None, None)
    for thread in threads:
        thread.join(10)
    assert order == ["alone", "later"]
