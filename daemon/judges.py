"""The judges of running campaigns: one long-lived judge container each, and the CPUs that are measured on."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from daemon.governed import CAMPAIGN, GovernedBackend
from daemon.seats import Seats
from kernels.target import Target
from sandbox.bytecode import with_bytecode
from sandbox.judging import Judge
from sandbox.payload import collect, contents, digest, place

JUDGE_PROGRAM = Path(__file__).resolve().parent.parent / "sandbox" / "judge"
GUEST_PROGRAM = Path(__file__).resolve().parent.parent / "sandbox" / "guest"


class Judges:
    """Starts a campaign's judge when it is first needed. Thread-safe."""

    def __init__(self, backend: GovernedBackend, state: Path, cpus: Sequence[str]) -> None:
        self._backend = backend
        self._state = state
        self._lock = threading.Lock()  # protects _judges
        self._judges: dict[str, Judge] = {}
        self.seats = Seats(cpus)
        """Where sessions run."""

    def get(self, campaign: str, target: Target, image: str) -> Judge:
        """The campaign's judge, started if need be. Raises InfrastructureError."""
        with self._lock:
            judge = self._judges.get(campaign)
            if judge is not None and judge.alive():
                return judge
            if judge is not None:
                judge.close()
            payloads = self._state / "payload"
            judge = Judge(
                self._backend,
                image,
                target.judge_settings(place(target.judge_files(), payloads)),
                io_root=self._state / "io",
                campaign=campaign,
                guest=place(_program(GUEST_PROGRAM), payloads),
                judge=place(_program(JUDGE_PROGRAM), payloads),
                labels={CAMPAIGN: campaign},
                rooms=self._state / "rooms",
                bounds=self._backend.bounds,
            )
            judge.start()
            self._judges[campaign] = judge
            return judge

    def mounted(self, campaign: str) -> dict[str, str]:
        """SHA-256 of what the campaign's judge and its runners have mounted, read now; nothing when no judge runs."""
        with self._lock:
            judge = self._judges.get(campaign)
        return {} if judge is None else {name: digest(contents(folder)) for name, folder in judge.programs().items()}

    def close(self, campaign: str) -> None:
        """End the campaign's judge, if it runs."""
        with self._lock:
            judge = self._judges.pop(campaign, None)
        if judge is not None:
            judge.close()

    def close_all(self) -> None:
        """End every judge."""
        with self._lock:
            judges, self._judges = list(self._judges.values()), {}
        for judge in judges:
            judge.close()


def _program(folder: Path) -> dict[str, bytes]:
    files = collect(folder)
    return with_bytecode(files, set(files.values()))
