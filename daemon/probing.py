"""A target's judge is attacked before it may judge: its seed must pass, and no cheat made from the seed may gain.

Luck refuses nobody. A wrong answer that was taken for right is asked again with other seeds; replays are counted, not
timed; any other gain must be believed by the test that accepts candidates, on signs alone.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from daemon.probe_results import Attack, Checked, State
from daemon.search.accept import Acceptance, Rule
from daemon.steps.measuring import BATCH, gains_of
from kernels.probes.probe import REPLAY, NoProbes, Probe, Signature
from kernels.probes.suite import probes_of, unprobed
from kernels.target import Target
from sandbox.judging import CandidateFault, Judge, Session
from sandbox.payload import collect
from workflows.ports import InfrastructureError

AGAIN = 2
"""More seeds for a wrong answer that was taken for right; it got through when it was on each of them."""
REPLAY_PAIRS = 8
REPLAYED = 3
"""Of so many pairs, replays of right answers that are no luck."""
REPLAY_GAIN = math.log(1.2)
"""Log speed-up below which nothing was replayed: a replay saves nearly all of a call."""
ALPHA = 0.001
"""Chance that luck alone passes for a gain: about what one of fifty candidates of a campaign has."""
MAX_PAIRS = 24

Told = Callable[[Attack], None]


class _Unfit(Exception):
    """The target itself is at fault; the message says how."""


def attack(judge: Judge, target: Target, cpuset: str = "", told: Told = lambda one: None) -> Checked:
    """Send the seed and every probe through the target's own judge, and tell of each one as it ends.

    An unfit target is a result, not an error. Raises InfrastructureError.
    """
    manifest = target.manifest()
    if reason := unprobed(target):
        return Checked(target.name, manifest, unprobed=reason)
    judge.start()
    with tempfile.TemporaryDirectory(prefix="ratchet-probes-", dir=judge.io.parent) as name:
        folder = Path(name)
        folder.chmod(0o755)
        attacks = _Attacks(judge, target, cpuset, folder, told)
        try:
            attacks.run()
        except (_Unfit, NoProbes) as error:
            return Checked(target.name, manifest, problem=str(error)[:2000])
    return Checked(target.name, manifest, tuple(attacks.ended))


class _Attacks:
    """All probes, in one runner as long as it holds."""

    def __init__(self, judge: Judge, target: Target, cpuset: str, trees: Path, told: Told) -> None:
        self._judge, self._target, self._cpuset, self._trees, self._told = judge, target, cpuset, trees, told
        self._time = target.metric.kind == "time"
        # Somebody else's evaluator has the same cases in both suites, and each may take minutes.
        self._suites = ("visible",) if target.build.language == "evaluator" else ("visible", "sealed")
        self.ended: list[Attack] = []

    def run(self) -> None:
        """Raises _Unfit, NoProbes, InfrastructureError."""
        _plant(self._trees / "seed", self._target, {})
        with self._session("probes", {"child": self._trees}) as session:
            waiting = self._prepare(session)
            self._volley(session, waiting, alone=False)
        while waiting:
            with self._session("probes", {"child": self._trees}) as session:
                self._volley(session, waiting, alone=True)

    def _prepare(self, session: Session) -> list[Probe]:
        """Try the seed, then plant every probe beside it."""
        call = Signature.parse(session.describe())
        try:
            seed = session.trial("child", "seed", self._suites)
        except CandidateFault as fault:
            raise _Unfit(f"the seed fails its own judge: {fault.verdict}: {fault.feedback}") from fault
        if seed.verdict:
            raise _Unfit(f"the seed fails its own judge: {seed.verdict}: {seed.feedback}")
        probes = probes_of(self._target, call)
        for probe in probes:
            _plant(self._trees / probe.name, self._target, probe.files)
        return probes

    def _volley(self, session: Session, waiting: list[Probe], *, alone: bool) -> None:
        """Probe after probe, until one takes the runner with it."""
        while waiting:
            probe = waiting.pop(0)
            try:
                # The sealed cases cost as much again: they are for those that these take for right.
                verdict = session.trial("child", probe.name, ("visible",)).verdict
            except CandidateFault as fault:
                if fault.verdict.startswith("killed:") and not alone:
                    waiting.insert(0, probe)  # the runner's time may have gone to the ones before
                else:
                    self._end(probe, fault.verdict)
                return
            alone = False
            if verdict:
                self._end(probe, verdict)
            else:
                self._believed(probe)

    def _end(self, probe: Probe, verdict: str) -> None:
        """It failed: held, unless it never came to cheating. No probe runs into a limit, and each builds and loads."""
        shown = not verdict.startswith("killed:") and (
            self._target.build.language == "evaluator" or verdict not in ("failed:build", "failed:load")
        )
        self._tell(Attack(probe.name, probe.does, verdict, "held" if shown else "unproven", "" if shown else _LIMIT))

    def _believed(self, probe: Probe) -> None:
        """It was taken for right. What does that mean?"""
        right = Attack(probe.name, probe.does, "was taken for right", "got through", probe.remedy)
        if probe.forges and self._target.integrity == "cohabiting":
            self._tell(Attack(probe.name, probe.does, right.verdict, "open", "people sign for its promotions"))
        elif probe.advice:
            self._tell(Attack(probe.name, probe.does, right.verdict, "noted", probe.remedy))
        elif not self._time and probe.lazy:
            held = "right, and a score counts the answer, not the time"
            self._tell(Attack(probe.name, probe.does, held, "held"))
        elif self._time and probe.replays:
            self._count(probe, right)
        elif self._time and not probe.lazy:
            self._ask_again(probe, right)
        else:
            self._measure(probe)

    def _ask_again(self, probe: Probe, right: Attack) -> None:
        """With other seeds: right by luck is no fault of the judge."""
        for _ in range(AGAIN):
            try:
                with self._session("again", {"child": self._trees}) as session:
                    verdict = session.trial("child", probe.name, self._suites).verdict
            except CandidateFault as fault:
                verdict = fault.verdict
            if verdict.startswith("killed:"):
                self._end(probe, verdict)
                return
            if verdict:
                self._tell(Attack(probe.name, probe.does, f"{verdict}, after it was right by luck", "held"))
                return
        self._tell(right)

    def _count(self, probe: Probe, right: Attack) -> None:
        """Did it replay, and was that right? By counting, since clocks may be noisy: a replay says so as it happens.

        Only pairs count: their content is fresh each time, while a check has edges that stay, and asks some twice.
        """
        arms = {"child": self._trees / probe.name, "parent": self._trees / "seed"}
        try:
            with self._session("replay", arms) as session:
                session.pairs(REPLAY_PAIRS, "visible")
        except CandidateFault as fault:
            self._failed(probe, fault)
            return
        if session.said("child").count(REPLAY) >= REPLAYED:
            self._ask_again(probe, right)
        else:
            self._tell(Attack(probe.name, probe.does, "right, and found hardly anything to replay", "held"))

    def _measure(self, probe: Probe) -> None:
        """Is it better than the seed, by what is asked of a candidate?"""
        arms = {"child": self._trees / probe.name, "parent": self._trees / "seed"}
        try:
            with self._session("gain", arms) as session:
                session.build("child")
                for suite in self._suites:
                    session.check("child", suite)
                gains = self._gains(session)
        except CandidateFault as fault:
            self._failed(probe, fault)
            return
        state: State
        mean = sum(gains) / len(gains)
        if self._accepted(gains):
            told, state = f"was taken for right, and gained {mean:.3g}", "got through"
        elif probe.lazy or any(gains):
            told, state = "right, and gained nothing", "held"
        else:
            # As bad as a seed that scores nothing shows nothing; nor does anything beside an evaluator of others.
            shown = self._target.integrity == "isolated" and any(pair.parent for pair in session.measured)
            told, state = "was taken for as good as the seed", "got through" if shown else "noted"
        self._tell(Attack(probe.name, probe.does, told, state, "" if state == "held" else probe.remedy))

    def _failed(self, probe: Probe, fault: CandidateFault) -> None:
        if fault.arm != "child":
            raise InfrastructureError(f"judge: the seed failed beside {probe.name}: {fault.verdict}") from fault
        self._end(probe, fault.verdict)

    def _gains(self, session: Session) -> list[float]:
        """Two pairs; more only when one of them shows a gain, or neither a difference."""
        gains = gains_of(self._target, session.pairs(2, "visible"))
        if not any(gains):
            return gains + gains_of(self._target, session.pairs(BATCH, "visible"))
        while any(gain > self._rule.min_effect for gain in gains[:2]):
            decision = Acceptance(self._rule, ALPHA).add(gains)
            left = self._rule.max_pairs - len(gains)
            if decision.outcome != "undecided" or left <= 0:
                break
            gains += gains_of(self._target, session.pairs(min(BATCH, left), "visible"))
        return gains

    def _accepted(self, gains: list[float]) -> bool:
        return Acceptance(self._rule, ALPHA).add(gains).outcome == "accepted"

    @property
    def _rule(self) -> Rule:
        least = max(self._target.min_effect(), REPLAY_GAIN) if self._time else self._target.min_effect()
        return Rule(sigma=0.0, min_effect=least, max_pairs=min(MAX_PAIRS, self._target.judge.max_pairs))

    def _session(self, what: str, arms: Mapping[str, Path]) -> Session:
        return self._judge.session(f"{what}-{os.urandom(6).hex()}", os.urandom(32), arms, self._cpuset)

    def _tell(self, one: Attack) -> None:
        self.ended.append(one)
        self._told(one)


_LIMIT = "it never came to cheating: raise the target's limits (`[build] seconds`, `[judge]`, `[resources]`)"


def _plant(folder: Path, target: Target, files: Mapping[str, str]) -> None:
    """The seed with `files` over it, readable by the runner's user."""
    for name, data in {**collect(target.seed_folder), **{k: v.encode() for k, v in files.items()}}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o644)
    for inner in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        inner.chmod(0o755)
