"""Kill -9 at any moment: what was acknowledged is there, the log goes on, and it verifies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from daemon.records.audit import AuditLog
from daemon.records.chain import records
from daemon.records.keys import public_path
from daemon.records.verify import verify

_WRITE = """
import os, sys, threading
from pathlib import Path
from daemon.records.audit import AuditLog

log = AuditLog(Path(sys.argv[1]), Path(sys.argv[2]), segment_bytes=20_000, checkpoint_records=50)

def work(name):
    for number in range(1_000_000):
        record = log.append("n", actor=name, body={"n": number, "fill": "x" * 300}, durable=number % 3 > 0)
        if number % 3:
            os.write(1, f"{record.seq} {record.hash}\\n".encode())

threads = [threading.Thread(target=work, args=(str(number),)) for number in range(6)]
[thread.start() for thread in threads]
"""


def test_kill_9_loses_no_acknowledged_record(tmp_path: Path, key: Path) -> None:
    folder = tmp_path / "audit"
    acknowledged: dict[int, str] = {}
    for attempt in range(5):
        child = subprocess.Popen([sys.executable, "-c", _WRITE, str(folder), str(key)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        told = child.stdout.readline()
        # While it is being written, the log verifies all the same.
        running = verify(folder, public_path(key))
        assert running.ok, running
        time.sleep(0.03 * attempt)
        os.kill(child.pid, signal.SIGKILL)
        told += child.stdout.read()
        child.stdout.close()
        child.wait()
        for line in told.splitlines(keepends=True):
            if line.endswith(b"\n"):
                seq, digest = line.split()
                acknowledged[int(seq)] = digest.decode()
        report = verify(folder, public_path(key))
        assert report.ok, report
    AuditLog(folder, key).close()
    report = verify(folder, public_path(key))
    assert report.ok and report.signed == report.records
    found = {record["seq"]: record["hash"] for record in records(folder)}
    assert len(acknowledged) > 50
    assert {seq: found.get(seq) for seq in acknowledged} == acknowledged
