"""Leases in a real database: several processes at once, killed anywhere, never two on one device."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from daemon.gpus.leases import Leases
from daemon.gpus.shelf import DatabaseShelf
from daemon.records.db import Database, sqlite_url

PROCESSES, LIVES, DEVICES = 3, 12, ("a", "b")
HOLDER = """
import fcntl, os, random, sys
from pathlib import Path
from daemon.gpus.leases import Leases, StaleLease
from daemon.gpus.shelf import DatabaseShelf
from daemon.records.db import Database, sqlite_url

folder = Path(sys.argv[1])
leases = Leases(DatabaseShelf(Database(sqlite_url(folder / "records.db"))))
me = f"p{os.getpid()}"

def alone(device, token):
    # The kernel drops a dead process's lock, as it drops its containers: whoever else holds one is alive.
    with (folder / device).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.write(told, f"TWO {device} {token}\\n".encode())
            return
        os.write(told, f"{device} {token}\\n".encode())

told = os.open(folder / "told", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
while True:
    for device in ("a", "b"):
        care = leases.begin_care(device, 0.5)
        if care is not None:
            alone(device, care.token)
            try:
                leases.end_care(care, healthy=True)
            except StaleLease:
                pass
    lease = leases.grant(["a", "b"] if random.random() < 0.5 else ["b", "a"], me, 0.5)
    if lease is not None:
        try:
            leases.check(lease)
            alone(lease.device, lease.token)
            leases.release(lease)
        except StaleLease:
            pass
"""


def test_processes_killed_anywhere_never_share_a_device_or_a_token(tmp_path: Path) -> None:
    db = Database(sqlite_url(tmp_path / "records.db"))
    leases = Leases(DatabaseShelf(db))
    leases.register([(device, "rocm") for device in DEVICES])

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stderr=subprocess.PIPE)

    children, told = [start() for _ in range(PROCESSES)], tmp_path / "told"
    try:
        for life in range(LIVES):
            lines = told.read_text().count("\n") if told.exists() else 0
            until = time.monotonic() + 60
            while (told.read_text().count("\n") if told.exists() else 0) < lines + 15:
                assert time.monotonic() < until, "nobody gets a lease any more"
                time.sleep(random.random() * 0.02)
            child = children[life % PROCESSES]
            assert child.poll() is None, child.stderr.read() if child.stderr else b""
            child.kill()
            child.communicate()
            children[life % PROCESSES] = start()
    finally:
        for child in children:
            child.send_signal(signal.SIGKILL)
            child.communicate()
    lines_told = told.read_text().splitlines()
    assert [line for line in lines_told if line.startswith("TWO")] == []
    tokens = [int(line.split()[1]) for line in lines_told]
    assert len(set(tokens)) == len(tokens) > 15 * LIVES - PROCESSES
    assert {line.split()[0] for line in lines_told} == set(DEVICES)
    assert max(row.token for row in leases.all()) >= max(tokens)
    db.close()
