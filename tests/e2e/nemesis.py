"""Faults at random moments of a campaign, drawn from a seed; afterwards the books have to agree."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from daemon.records.chain import records
from daemon.records.db import Database, sqlite_url
from daemon.records.kinds import check_kinds
from daemon.records.ledger import Ledger
from tests.e2e.cut import Cut
from tests.e2e.house import Daemon
from tests.number import TUNABLE, place_number

QUIET_SECONDS = (0.5, 4.0)
"""Between two faults: some meet the daemon while it still gets over the one before."""
AWAY_SECONDS = (1.0, 8.0)
"""How long something stands still or is cut off."""
MOST_FAULTS = 8
"""After so many a campaign is left alone, so that it ends."""
END_SECONDS = 600.0
CANDIDATES = 6


class Nemesis:
    """What may befall a daemon whose engine is reached through a `Cut`."""

    def __init__(self, daemon: Daemon, cut: Cut, seed: int) -> None:
        self._daemon = daemon
        self._cut = cut
        self._rng = random.Random(seed)
        self.story: list[str] = []
        """What was done, in order."""

    def torment(self, campaign: str) -> None:
        """Faults until the campaign ends, or as many as a campaign gets; then it is seen to its end."""
        for _ in range(MOST_FAULTS):
            time.sleep(self._rng.uniform(*QUIET_SECONDS))
            if self._over(campaign):
                return
            fault = self._rng.choice(self._faults())
            self.story.append(fault.__name__.strip("_"))
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended by itself just now
                fault()
        deadline = time.monotonic() + END_SECONDS
        while not self._over(campaign):
            assert time.monotonic() < deadline, f"it does not end: {self.story}; {self._daemon.log_text()[-3000:]}"
            time.sleep(1.0)

    def _over(self, campaign: str) -> bool:
        """Whether the campaign has ended. A daemon that ended with an engine of its own is started again first."""
        if not self._daemon.alive():
            self._daemon.start()
        try:
            return self._daemon.ended(campaign)
        except (AssertionError, FileNotFoundError):
            return False  # the server is away, or the daemon is just ending with it

    def _faults(self) -> list[Callable[[], None]]:
        return [
            self._killed,
            self._frozen,
            self._opa_killed,
            self._opa_frozen,
            self._temporal_killed,
            self._temporal_frozen,
            self._docker_cut_off,
            self._containers_removed,
        ]

    def _killed(self) -> None:
        self._daemon.kill()
        self._daemon.start()

    def _frozen(self) -> None:
        self._stand_still(int(self._daemon.endpoints["pid"]))

    def _opa_killed(self) -> None:
        self._signal("opa", signal.SIGKILL)

    def _opa_frozen(self) -> None:
        self._stand_still(self._daemon.children().get("opa", 0))

    def _temporal_killed(self) -> None:
        self._signal("temporal", signal.SIGKILL)

    def _temporal_frozen(self) -> None:
        self._stand_still(self._daemon.children().get("temporal", 0))

    def _docker_cut_off(self) -> None:
        self._cut.off()
        time.sleep(self._rng.uniform(*AWAY_SECONDS))
        self._cut.on()

    def _containers_removed(self) -> None:
        """All of the daemon's, as an engine that is started anew leaves them."""
        self._daemon.clear()

    def _signal(self, engine: str, number: signal.Signals) -> None:
        if pid := self._daemon.children().get(engine):
            os.kill(pid, number)

    def _stand_still(self, pid: int) -> None:
        if pid:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(self._rng.uniform(*AWAY_SECONDS))
            os.kill(pid, signal.SIGCONT)


def wrong(daemon: Daemon, campaign: str) -> list[str]:
    """Which of the invariants do not hold of an ended campaign, in words; empty when all do."""
    rows = daemon.rows(campaign)
    found = []
    if [row.number for row in rows] != list(range(CANDIDATES + 1)) or not all(row.verdict for row in rows):
        found.append(f"candidates: {[(row.number, row.verdict) for row in rows]}")
    report = daemon.result(campaign)
    if report["decided"] != CANDIDATES or sum(report["verdicts"].values()) != CANDIDATES:
        found.append(f"the report counts {report['verdicts']}")
    if report["champion"] not in {row.candidate for row in rows}:
        found.append(f"the champion is {report['champion']}")
    passed = _let_through(daemon)
    found += [
        f"{row.candidate} was committed ungated" for row in rows[1:] if row.commit and row.candidate not in passed
    ]
    found += _accounts(daemon, campaign)
    for words in (("audit", "verify"), ("audit", "reconcile")):
        with contextlib.suppress(AssertionError):  # what could not be removed meanwhile is removed within a minute
            daemon.until(lambda words=words: daemon.ratchet(*words).returncode == 0, 90)  # type: ignore[misc]
            continue
        done = daemon.ratchet(*words)
        found.append(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    found += [str(problem) for problem in check_kinds(daemon.state / "audit")]
    return found


def _let_through(daemon: Daemon) -> set[str]:
    """Candidates whose edits policy permitted, by the log."""
    asked = (one for one in records(daemon.state / "audit") if one["kind"] == "decision")
    return {one["candidate"] for one in asked if one["body"]["question"] == "edit" and one["body"]["permitted"]}


def _accounts(daemon: Daemon, campaign: str) -> list[str]:
    """Accounts that were overspent, and what nobody settled."""
    db = Database(sqlite_url(daemon.state / "records.db"))
    try:
        ledger = Ledger(db)
        found = [f"unsettled: {one.key}" for one in ledger.unsettled()]
        return found + [f"{name}: {line}" for name, line in ledger.statement(campaign).items() if line.spent > line.cap]
    finally:
        db.close()


@contextlib.contextmanager
def daemon_under_a_cut(folder: Path) -> Iterator[tuple[Daemon, Cut]]:
    """A daemon of its own, whose connection to the engine can be cut."""
    with Cut("/var/run/docker.sock", folder / "docker.sock") as cut:
        daemon = Daemon(folder, RATCHET_DOCKER_URL=f"unix://{cut.path}")
        place_number(daemon.targets, TUNABLE)
        daemon.start()
        try:
            yield daemon, cut
        finally:
            daemon.end()


def run(folder: Path, seed: int) -> tuple[list[str], list[str]]:
    """One campaign under the faults of a seed: what was done, and what is wrong afterwards."""
    with daemon_under_a_cut(folder) as (daemon, cut):
        name = daemon.start_campaign(
            target="number", candidates=CANDIDATES, in_flight=2, seed=seed, budget={"tokens": 400_000}
        )
        nemesis = Nemesis(daemon, cut, seed)
        nemesis.torment(name)
        return nemesis.story, wrong(daemon, name)
