"""What attacks on a target's judge showed, and where that is kept: by content, so that it holds for nothing else."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from kernels.target import Target
from sandbox.payload import collect, digest

PROGRAMS = Path(__file__).resolve().parent.parent
FOLDERS = ("sandbox/judge", "sandbox/guest", "kernels/probes")
FILES = ("daemon/probing.py", "daemon/search/accept.py")

State = Literal["held", "noted", "open", "unproven", "got through"]


@dataclass(frozen=True)
class Attack:
    """How one probe ended.

    `noted`: it was taken for right and gained nothing, which the author may have meant. `open`: the target admits that
    it cannot hold this one, and people sign its promotions. `unproven`: it met a limit that it does not reach by
    itself, or did not even build, so that nothing was shown.
    """

    name: str
    does: str
    verdict: str
    state: State
    remedy: str = ""
    """What the target's author does about it; empty where it was held."""


@dataclass(frozen=True)
class Checked:
    """What a check found."""

    target: str
    manifest: str
    attacks: tuple[Attack, ...] = ()
    problem: str = ""
    """What is wrong with the seed, or what keeps probes from being made, with the remedy."""
    unprobed: str = ""
    """Why no probe applies to such a target; it is told, and keeps nothing from starting."""

    @property
    def passed(self) -> bool:
        """Whether a campaign may start."""
        return not self.problem and not self.caught and bool(self.attacks or self.unprobed)

    @property
    def caught(self) -> list[Attack]:
        """The probes that the target's judge took for good, or was not shown to hold."""
        return [attack for attack in self.attacks if attack.state in ("got through", "unproven")]

    def why(self) -> str:
        """One sentence about what did not hold, with remedies; empty when everything did."""
        if self.problem:
            return self.problem
        return "; ".join(f"{one.name} ({one.does}) {one.verdict}: {one.remedy}" for one in self.caught)


class Checks:
    """Results by content: target, seed, the judge's and the guest's programs, the probes and the image."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key(self, target: Target, image: str) -> str:
        """Changes with everything that could change the result."""
        parts = [target.manifest(), digest(collect(target.seed_folder)), image]
        parts += [digest(collect(PROGRAMS / name)) for name in FOLDERS]
        parts += [hashlib.sha256((PROGRAMS / name).read_bytes()).hexdigest() for name in FILES]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def find(self, target: Target, image: str) -> Checked | None:
        """The stored result for exactly this; a file that cannot be read counts as none."""
        try:
            told = json.loads((self._folder / f"{self.key(target, image)}.json").read_text("utf-8"))
            attacks = tuple(Attack(**one) for one in told.pop("attacks"))
            return Checked(**told, attacks=attacks)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def keep(self, target: Target, image: str, checked: Checked) -> None:
        """Store a result, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self.key(target, image)}.json"
        fresh = path.with_suffix(f".{os.getpid()}-{os.urandom(4).hex()}")
        fresh.write_text(json.dumps(asdict(checked), indent=1), "utf-8")
        fresh.replace(path)
