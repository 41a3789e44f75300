"""`make bench-audit`: seconds to verify an audit log of a million records, from its files and the public key alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from daemon.records.audit import AuditLog
from daemon.records.keys import ensure_signing_key, public_path
from tests.e2e.house import RATCHET

RECORDS = 1_000_000
PROMISED_SECONDS = 60.0
SHA = "0123456789abcdef" * 4
SPEC = {"image": f"sha256:{SHA}", "command": ["python3", "-I", "-B"], "mounts": [SHA] * 3}
DECISION: dict[str, Any] = {
    "question": "sandbox", "decision_id": "d" * 32, "permitted": True, "hold": False, "allow": True, "deny": [],
    "warn": [], "require": {}, "revision": SHA, "active_revision": SHA, "cause": "", "input_sha256": SHA,
    "input": {"role": "run", "spec": SPEC}, "seconds": 0.00213,
}  # fmt: skip
ANSWER: dict[str, Any] = {
    "key": f"k-12ab34cd-c17/call/0/{SHA[:16]}/0", "model": "hosted_vllm/model", "call": 0, "request": SHA,
    "answer": SHA, "finish": "stop", "tokens_in": 4711, "tokens_out": 815, "spent": {"tokens": 5526, "micro_usd": 1234},
}  # fmt: skip


def write(folder: Path, count: int) -> tuple[int, float]:
    """A log of `count` records as a daemon writes them; bytes and seconds."""
    key = folder / "keys" / "audit.pem"
    ensure_signing_key(key)
    started = time.perf_counter()
    with AuditLog(folder / "audit", key) as audit:
        for number in range(count - 2):  # its first and its last one are the log's own
            kind, body = ("decision", DECISION) if number % 2 else ("model.answer", ANSWER)
            audit.append(
                kind, actor="gateway", campaign="k-12ab34cd", candidate="k-12ab34cd-c17", body=body, durable=False
            )
    taken = time.perf_counter() - started
    return sum(path.stat().st_size for path in (folder / "audit").glob("*.jsonl")), taken


def main(count: int = RECORDS) -> int:
    """Exit 0 when the promise is kept."""
    folder = Path(tempfile.mkdtemp(prefix="ratchet-bench-audit-"))
    try:
        size, writing = write(folder, count)
        key = public_path(folder / "keys" / "audit.pem")
        command = [str(RATCHET), "audit", "verify", "--directory", str(folder / "audit"), "--key", str(key), "--json"]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
        seconds = time.perf_counter() - started
        report = json.loads(done.stdout)
        print(f"written   {count} records, {size / 1e6:.0f} MB, {count / writing:.0f} a second")
        print(f"verified  {report['records']} records in {seconds:.1f} s, {count / seconds:.0f} a second")
        print(f"promised  {PROMISED_SECONDS * count / RECORDS:.1f} s")
        return 0 if report["ok"] and seconds <= PROMISED_SECONDS * count / RECORDS else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
