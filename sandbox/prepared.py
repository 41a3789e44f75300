"""A judging session made ahead: opened with the judge, its runners started on folders that are still empty.

The runners run our own guest, which waits for the judge's first word and has not looked at the candidate's folder. A
tree is written into that folder before that word is spoken.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.backend import Running
from sandbox.judge_client import JudgeClient
from workflows.ports import InfrastructureError

ARMS = ("child", "parent")


@dataclass
class Prepared:
    """For one use. What takes it over takes its parts out of it; `close` releases what is left."""

    client: JudgeClient
    io: Path
    seed: bytes
    """What everything random in the session follows from."""
    folder: Path
    """Holds a folder for each arm's tree."""
    cpuset: str
    runners: dict[str, Running] = field(default_factory=dict)

    def alive(self) -> bool:
        """Whether the judge and all its runners still wait."""
        return self.client.alive() and all(running.alive() for running in self.runners.values())

    def close(self) -> None:
        """Remove the runners, end the session, clear the folder away."""
        for running in self.runners.values():
            with suppress(InfrastructureError):
                running.remove()
        self.runners = {}
        self.client.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def empty_folders(folder: Path) -> dict[str, Path]:
    """A folder for each arm's tree, readable by a runner whatever the umask. Raises InfrastructureError."""
    arms = {arm: folder / arm for arm in ARMS}
    try:
        for place in arms.values():
            place.mkdir(parents=True)
            place.chmod(0o755)
    except OSError as error:
        raise InfrastructureError(f"judge: cannot make {folder}: {error.strerror}") from error
    return arms
