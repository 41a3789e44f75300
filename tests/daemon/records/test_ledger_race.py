"""The ledger under processes and threads that race for the last of a budget, and under kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from daemon.records.db import Database, sqlite_url
from daemon.records.ledger import Ledger

_RACE = """
import random, sys, threading
from daemon.records.db import Database
from daemon.records.ledger import BudgetExceeded, Ledger

ledger, name = Ledger(Database(sys.argv[1])), sys.argv[2]
admitted = []

def work(thread):
    draw = random.Random(f"{name}/{thread}")
    for number in range(5):
        key = f"{name}/{thread}/{number}"
        try:
            ledger.reserve("c", key, {"tokens": 10, "candidates": 1})
        except BudgetExceeded:
            continue
        admitted.append(key)
        if draw.random() < 0.5:
            ledger.settle(key, {"tokens": draw.randint(0, 10), "candidates": 1})

threads = [threading.Thread(target=work, args=(number,)) for number in range(13)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(admitted))
"""


def test_four_processes_never_pass_the_cap_at_any_instant(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "records.db")
    db = Database(url)
    ledger = Ledger(db)
    ledger.open("c", {"tokens": 1_000_000, "candidates": 10})
    racers = [
        subprocess.Popen([sys.executable, "-c", _RACE, url, name], stdout=subprocess.PIPE, text=True) for name in "abcd"
    ]
    instants = 0
    over: list[object] = []
    done = threading.Event()

    def watch() -> None:
        nonlocal instants
        while not done.is_set():
            instants += 1
            over.extend(line for line in ledger.statement("c").values() if line.spent + line.reserved > line.cap)

    watcher = threading.Thread(target=watch)
    watcher.start()
    admitted = [int(racer.communicate()[0]) for racer in racers]
    done.set()
    watcher.join()
    assert sum(admitted) == 10, "a cap for 10 calls admits 10 of 260"
    assert not over and instants > 10
    assert ledger.statement("c")["candidates"].left == 0
    db.close()


_SPEND = """
import os, sys
from daemon.records.db import Database
from daemon.records.ledger import Ledger

ledger = Ledger(Database(sys.argv[1]))
for number in range(100_000):
    key = f"{sys.argv[2]}/{number}"
    ledger.reserve("c", key, {"tokens": 7})
    os.write(1, b"r")     # the money is out of the door from here on
    ledger.settle(key, {"tokens": 5})
    os.write(1, b"s")
"""


def test_kill_9_never_under_reports(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "records.db")
    db = Database(url)
    ledger = Ledger(db)
    ledger.open("c", {"tokens": 10**9})
    calls = 0
    for attempt in range(4):
        child = subprocess.Popen([sys.executable, "-c", _SPEND, url, str(attempt)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        first = child.stdout.read(1)
        time.sleep(0.02 + 0.013 * attempt)
        os.kill(child.pid, signal.SIGKILL)
        told = first + child.stdout.read()
        child.wait()
        child.stdout.close()
        calls += told.count(b"r")
        line = ledger.statement("c")["tokens"]
        # Each call that may have spent is in the books: at 5 when settled, at 7 while unknown.
        assert line.spent + line.reserved >= calls * 5
        assert line.spent % 5 == 0 and len(ledger.unsettled("c")) <= attempt + 1
        open_calls = len(ledger.unsettled("c"))
        assert line.reserved == 7 * open_calls
        assert line.spent // 5 + open_calls >= calls
    for left in ledger.unsettled("c"):
        ledger.settle(left.key, {})
    assert ledger.statement("c")["tokens"].reserved == 0
    db.close()
