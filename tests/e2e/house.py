"""A whole daemon as its own process, and the ordinary tools that people drive it with."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.engines.temporal import find_temporal
from daemon.instance import instance_of
from daemon.records.archive import Archive
from daemon.records.db import Database, sqlite_url
from daemon.records.rows import CandidateRow
from tests.shared import target_checks

CHECKOUT = Path(__file__).resolve().parent.parent.parent
RATCHET = Path(sys.executable).parent / "ratchet"
PATIENCE = 300.0
"""Seconds after which a wait is given up. It tells a hang from a busy machine; promised times are asserted apart."""


def measuring_cpu() -> str:
    """A CPU of its own for each of the processes that run these tests side by side."""
    cpus = sorted(os.sched_getaffinity(0), reverse=True)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return str(cpus[worker % len(cpus)])


class Daemon:
    """One state folder with its own copy of policies and targets, and the daemon over it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.policies = folder / "policies"
        self.targets = folder / "kernels"
        self.log = folder / "daemon.log"
        skip = shutil.ignore_patterns("__pycache__")
        if not self.policies.exists():
            shutil.copytree(CHECKOUT / "policies", self.policies, ignore=skip)
            shutil.copytree(CHECKOUT / "kernels", self.targets, ignore=skip)
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("RATCHET_", "TEMPORAL_"))},
            "RATCHET_STATE": str(self.state),
            "RATCHET_POLICIES": str(self.policies),
            "RATCHET_TARGETS": str(self.targets),
            "RATCHET_MEASURE_CPUS": measuring_cpu(),
            "RATCHET_TARGET_CHECKS": str(target_checks()),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it is ready."""
        (self.state / "run" / "endpoints.json").unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(RATCHET), "up", "--any-ports"], env=self.env, stdout=log, stderr=log, cwd=self.folder
            )
        self.until(lambda: (self.state / "run" / "endpoints.json").exists())

    def kill(self) -> None:
        """SIGKILL, as the out-of-memory killer would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Kill it if it still runs, and remove what it left."""
        if self.alive():
            self.kill()
        self.clear()

    def clear(self) -> None:
        """What a killed daemon left running, as its next start would remove it."""
        listed = subprocess.run(
            ["docker", "ps", "-aq", "--filter", f"label=ratchet.instance={instance_of(self.state)}"],
            capture_output=True,
            text=True,
            check=True,
        )
        for container in listed.stdout.split():
            subprocess.run(["docker", "rm", "-f", container], capture_output=True, check=False)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def log_text(self) -> str:
        """Everything that the daemon said so far."""
        return self.log.read_text(errors="replace")

    def children(self) -> dict[str, int]:
        """Program name → pid of the daemon's child processes: its engines."""
        pid = str(self.endpoints["pid"])
        listed = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", pid], capture_output=True, text=True, check=True)
        pairs = (line.split(None, 1) for line in listed.stdout.splitlines())
        return {name.strip(): int(pid) for pid, name in pairs}

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def endpoints(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.state / "run" / "endpoints.json").read_text())
        return found

    def until(self, true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Poll until it holds; a daemon that died meanwhile, or the time, is told with the log's end."""
        deadline = time.monotonic() + seconds
        while True:
            if found := true():
                return found
            tail = self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""
            assert self.alive(), f"the daemon ended: {tail}"
            assert time.monotonic() < deadline, f"still waiting after {seconds} s: {tail}"
            time.sleep(0.2)

    def metric(self, name: str) -> float:
        """A sample of `/metrics`; `name` with its labels, as it stands there."""
        for line in self.metrics().decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no metric {name}")

    def metrics(self) -> bytes:
        """All of `/metrics`."""
        with urllib.request.urlopen(self.endpoints["metrics"], timeout=60) as answer:  # noqa: S310
            told: bytes = answer.read()
        return told

    def workflows(self) -> list[str]:
        """Ids of all workflows that Temporal knows."""
        listed = json.loads(self.temporal("workflow", "list", "-o", "json").stdout)
        return [row["execution"]["workflowId"] for row in listed]

    def temporal(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The ordinary Temporal CLI."""
        done = subprocess.run(
            [str(find_temporal()), *words, "--address", self.endpoints["temporal"]],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr + done.stdout
        return done

    def ratchet(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Our own CLI."""
        return subprocess.run(
            [str(RATCHET), *words], env=self.env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def signer(self, name: str) -> tuple[str, ...]:
        """A person with a key of their own, listed as a signer; the words by which they sign."""
        key = self.folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        kind, text, *_ = key.with_suffix(".pub").read_text().split()
        with (self.state / "keys" / "allowed_signers").open("a") as signers:
            signers.write(f"{name} {kind} {text}\n")
        return "--by", name, "--key", str(key)

    def start_campaign(self, **spec: Any) -> str:
        """By the Temporal CLI, from a file, as the README says."""
        name = f"k-{uuid.uuid4().hex[:8]}"
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps({"target": "matmul", **spec}))
        self.temporal(
            *("workflow", "start", "--type", "Campaign", "--task-queue", "ratchet"),
            *("--workflow-id", name, "--input-file", str(file)),
        )
        return name

    def query(self, campaign: str, what: str = "status") -> dict[str, Any]:
        done = self.temporal("workflow", "query", "-w", campaign, "--type", what, "-o", "json")
        answer: dict[str, Any] = json.loads(done.stdout)["queryResult"][0]
        return answer

    def ended(self, campaign: str) -> bool:
        done = self.temporal("workflow", "describe", "-w", campaign, "-o", "json")
        status: str = json.loads(done.stdout)["workflowExecutionInfo"]["status"]
        return not status.endswith("RUNNING")

    def decided(self, campaign: str) -> int:
        """How many candidates have a verdict, the seed aside: a look that costs the machine next to nothing."""
        with contextlib.closing(sqlite3.connect(self.state / "records.db", timeout=60)) as records:
            query = "select count(*) from candidates where campaign = ? and number > 0 and verdict <> ''"
            return int(records.execute(query, (campaign,)).fetchone()[0])

    def rows(self, campaign: str) -> list[CandidateRow]:
        """The campaign's rows in the archive, the seed first."""
        db = Database(sqlite_url(self.state / "records.db"))
        try:
            return Archive(db).candidates(campaign)
        finally:
            db.close()

    def result(self, campaign: str, seconds: float = 2 * PATIENCE) -> dict[str, Any]:
        """The report, once the campaign has ended."""
        self.until(lambda: self.ended(campaign), seconds)
        done = self.temporal("workflow", "result", "-w", campaign, "-o", "json")
        report: dict[str, Any] = json.loads(done.stdout)["result"]
        return report
