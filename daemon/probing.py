"""A target's judge is attacked before it may judge: every probe must fail, the seed must pass, twice alike."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from kernels.probes.probe import NoProbes, Probe, Signature
from kernels.probes.suite import probes_of
from kernels.target import Target
from sandbox.judging import CandidateFault, Judge, Session
from sandbox.payload import collect, digest

PAIRS = 6
"""Pairs by which a probe that was right by luck must show that it gains nothing."""
NOISE = 0.05
"""Gain in time that so few pairs do not tell from none: replaying saves far more."""
PROGRAMS = Path(__file__).resolve().parent.parent

State = Literal["held", "open", "unproven", "got through"]


@dataclass(frozen=True)
class Attack:
    """How one probe ended.

    `open`: the target admits that it cannot hold this one, and people sign its promotions. `unproven`: it met a limit
    that it does not reach by itself, or did not even build, so that nothing was shown.
    """

    name: str
    does: str
    verdict: str
    state: State


@dataclass(frozen=True)
class Checked:
    """What a check found. `problem` says what is wrong with the seed or why there are no probes; else it is empty."""

    target: str
    manifest: str
    attacks: tuple[Attack, ...] = ()
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether a campaign may start."""
        return not self.problem and bool(self.attacks) and not self.caught

    @property
    def caught(self) -> list[Attack]:
        """The probes that the target's judge took for good, or was not shown to hold."""
        return [attack for attack in self.attacks if attack.state in ("got through", "unproven")]

    def why(self) -> str:
        """One sentence about what did not hold; empty when everything did."""
        if self.problem:
            return self.problem
        return "; ".join(f"{one.name} ({one.does}): {one.verdict}" for one in self.caught)


class Checks:
    """Results by content: target, seed, the judge's and the guest's programs, the probes and the image."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key(self, target: Target, image: str) -> str:
        """Changes with everything that could change the result."""
        parts = [target.manifest(), digest(collect(target.seed_folder)), image]
        parts += [digest(collect(PROGRAMS / name)) for name in ("sandbox/judge", "sandbox/guest", "kernels/probes")]
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
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(asdict(checked), indent=1), "utf-8")
        fresh.replace(path)


def attack(judge: Judge, target: Target, cpuset: str = "") -> Checked:
    """Send the seed and every probe through the target's own judge. Raises InfrastructureError.

    An unfit target is a result, not an error.
    """
    manifest = target.manifest()
    judge.start()
    with tempfile.TemporaryDirectory(prefix="ratchet-probes-", dir=judge.io.parent) as name:
        folder = Path(name)
        folder.chmod(0o755)
        _plant(folder / "seed", target, {})
        arms = {"child": folder / "seed", "parent": folder / "seed"}
        try:
            with judge.session(f"probe-seed-{os.urandom(4).hex()}", os.urandom(32), arms, cpuset) as session:
                call = Signature.parse(session.describe())
                _right(session)
                session.pairs(2, "visible")
            with judge.session(f"probe-again-{os.urandom(4).hex()}", os.urandom(32), arms, cpuset) as session:
                _right(session)
            probes = probes_of(target, call)
        except CandidateFault as fault:
            problem = f"the seed fails its own judge: {fault.verdict}: {fault.feedback}"
            return Checked(target.name, manifest, problem=problem[:2000])
        except NoProbes as error:
            return Checked(target.name, manifest, problem=str(error))

        (folder / "probes").mkdir()
        (folder / "probes").chmod(0o755)
        for probe in probes:
            _plant(folder / "probes" / probe.name, target, probe.files)
        attacks = _attack(judge, target, probes, folder, cpuset)
        return Checked(target.name, manifest, tuple(attacks))


def _attack(judge: Judge, target: Target, probes: list[Probe], folder: Path, cpuset: str) -> Iterator[Attack]:
    """One probe after the other, in one runner as long as it holds."""
    waiting = list(probes)
    while waiting:
        arms = {"child": folder / "probes"}
        alone = True
        with judge.session(f"probes-{len(waiting)}-{os.urandom(4).hex()}", os.urandom(32), arms, cpuset) as session:
            while waiting:
                probe = waiting.pop(0)
                try:
                    verdict = session.trial("child", probe.name)
                except CandidateFault as fault:
                    if fault.verdict.startswith("killed:") and not alone:
                        waiting.insert(0, probe)  # the runner's time may have gone to the ones before
                    else:
                        yield _failed(probe, fault.verdict)
                    break
                alone = False
                yield _judged(judge, target, probe, verdict, folder, cpuset)


def _failed(probe: Probe, verdict: str) -> Attack:
    """Held, unless it never came to cheating: no probe runs into a limit by itself, and each one builds and loads."""
    shown = not verdict.startswith("killed:") and verdict not in ("failed:build", "failed:load")
    return Attack(probe.name, probe.does, verdict, "held" if shown else "unproven")


def _judged(judge: Judge, target: Target, probe: Probe, verdict: str, folder: Path, cpuset: str) -> Attack:
    """What becomes of a probe that left its runner whole; one that was right by luck must gain nothing."""
    if verdict:
        return _failed(probe, verdict)
    if probe.forges and target.integrity == "cohabiting":
        return Attack(probe.name, probe.does, "was taken for right", "open")
    if not probe.lazy:
        return Attack(probe.name, probe.does, "was taken for right", "got through")
    arms = {"child": folder / "probes" / probe.name, "parent": folder / "seed"}
    try:
        with judge.session(f"probe-{probe.name}-{os.urandom(4).hex()}", os.urandom(32), arms, cpuset) as session:
            _right(session)
            gain = _gain(target, session)
    except CandidateFault as fault:
        return Attack(probe.name, probe.does, fault.verdict, "held" if fault.arm == "child" else "unproven")
    if gain <= max(target.min_effect(), NOISE if target.metric.kind == "time" else 0.0):
        return Attack(probe.name, probe.does, "right, and gained nothing", "held")
    return Attack(probe.name, probe.does, f"was taken for right, and gained {gain:.3g}", "got through")


def _right(session: Session) -> None:
    session.build("child")
    for suite in ("visible", "sealed"):
        session.check("child", suite)


def _gain(target: Target, session: Session) -> float:
    """Median over the pairs; positive when the child is better."""
    pairs = session.pairs(PAIRS, "visible")
    if target.metric.kind == "time":
        gains = sorted(math.log(pair.parent / pair.child) for pair in pairs)
    else:
        sign = 1.0 if target.metric.direction == "maximise" else -1.0
        gains = sorted(sign * (pair.child - pair.parent) for pair in pairs)
    return gains[len(gains) // 2]


def _plant(folder: Path, target: Target, files: Any) -> Path:
    """The seed with `files` over it, readable by the runner's user."""
    for name, data in {**collect(target.seed_folder), **{k: v.encode() for k, v in files.items()}}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o644)
    for inner in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        inner.chmod(0o755)
    return folder
