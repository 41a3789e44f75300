"""One evaluation: up to two runners, one judge session, and the verdicts that follow from both."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from sandbox.backend import Running
from sandbox.background import Account
from sandbox.exits import Exit
from sandbox.judge_client import JudgeClient
from sandbox.judge_settings import CandidateFault, JudgeSettings, Pair
from sandbox.judge_verdicts import ABSENT, LOST, verdict_of
from sandbox.prepared import Prepared
from workflows.ports import InfrastructureError

MARGIN_SECONDS = 45.0
"""What a request may take beyond the work of the candidate: connecting, drawing, checking."""
FEEDBACK_BYTES = 4096
FREE_CPU_SECONDS = 1.0
"""CPU time that a runner may use beyond its calls: starting the guest, and answering."""
BUSY_FACTOR = 2.0
"""CPU time per second of a call that needs no reason: threads that all join may share a moment of several CPUs."""


class Host(Protocol):
    """What a session needs of its judge."""

    @property
    def settings(self) -> JudgeSettings: ...

    def launch_runner(self, key: str, arm: str, candidate: Path, io: Path, cpuset: str) -> Running: ...

    def assign_runner(self, running: Running, key: str, arm: str, candidate: Path, io: Path, cpuset: str) -> None: ...

    def parent_failed(self, key: str) -> int: ...


class Trial(NamedTuple):
    """How a tree did: its verdict is empty when it was right."""

    verdict: str
    feedback: str


class Session:
    """Not thread-safe. Use as a context manager: leaving it removes the runners, and may raise what `finish` raises."""

    def __init__(
        self,
        judge: Host,
        client: JudgeClient,
        key: str,
        io: Path,
        arms: dict[str, Path],
        cpuset: str,
        prepared: Prepared | None = None,
        seed: bytes = b"",
    ) -> None:
        self.seed = prepared.seed if prepared else seed
        """What everything random in the session follows from."""
        self._prepared = prepared
        self._judge = judge
        self._client = client
        self._key = key
        self._io = io
        self._arms = arms
        self._cpuset = cpuset
        self._runners: dict[str, Running] = {}
        self._exits: dict[str, Exit] = {}
        self._busy: dict[str, float] = {}
        self._account = Account(judge.settings.run_limits.cpus)
        self._warmed: set[str] = set()
        self.measured: list[Pair] = []  # all pairs so far, in order
        self.checked: dict[str, float] = {}
        """Of a target with a score: the child's value of each case in its last check."""
        self.profile: dict[str, dict[str, float]] = {}
        """Figures of the child by visible case, as far as the target offers them: advice for the next proposer."""

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self.close()

    def folder(self, arm: str) -> Path:
        """Where the arm's tree lies; in a session that was taken it is empty, to be filled before `build`."""
        return self._arms[arm]

    def build(self, arm: str) -> str:
        """Start the arm's runner, build and load its candidate; returns the build's log. Once per arm.

        Raises CandidateFault (`failed:build`, `failed:load`, `killed:…`) or InfrastructureError.
        """
        if arm in self._runners:
            raise ValueError(f"arm {arm} is built already")
        self._runners[arm] = self._runner(arm)
        settings = self._judge.settings
        answer = self._ask("build", 2 * settings.build_seconds + MARGIN_SECONDS, arm=arm)
        return str(answer.get("log", ""))

    def describe(self) -> dict[str, Any]:
        """Kinds of a call's `arguments` and types of its `outputs`, as the target's evaluator draws them."""
        return self._ask("describe", self._patience())

    def trial(self, arm: str, at: str, suites: Sequence[str]) -> Trial:
        """Build the tree in the subfolder `at` of the arm's folder and check it on the suites.

        The runner stays for the next tree after a failure that ended no process and wrote nothing it should not have.
        Raises CandidateFault for every other fault, and InfrastructureError.
        """
        if arm not in self._runners:
            folder, io = self._arms[arm], self._io / arm
            self._runners[arm] = self._judge.launch_runner(self._key, arm, folder, io, self._cpuset)
        answer = self._ask("trial", self._patience(), arm=arm, at=at, suites=list(suites))
        return Trial(str(answer.get("verdict", "")), _cut(str(answer.get("feedback", ""))))

    def check(self, arm: str, suite: str, before_quiet: Callable[[], object] = lambda: None) -> int:
        """Call the arm on every case of a suite and check each answer; returns the number of cases.

        Then it has to keep still for a moment, so that a late writer shows itself: nobody is called while that is
        awaited, and `before_quiet` is called ahead of it. Raises CandidateFault (`failed:wrong`, `failed:bad-output`,
        `killed:…`, `quarantined:…`) or InfrastructureError.
        """
        answer = self._ask("check", self._patience(), arm=arm, suite=suite)
        cases, values = answer.get("cases"), answer.get("values")
        if not isinstance(cases, int) or cases < 1:
            raise InfrastructureError("judge: the answer to check does not say how many cases there were")
        if not isinstance(values, dict) or not all(isinstance(value, float | int) for value in values.values()):
            raise InfrastructureError("judge: the answer to check has no values")
        if arm == "child":
            self.checked = {str(case): float(value) for case, value in values.items()}
            self.profile = _figures(answer)
        before_quiet()
        self._ask("quiet", self._patience(), arm=arm)
        return cases

    def pairs(self, count: int, suite: str) -> list[Pair]:
        """Measure `count` interleaved pairs; builds what is not built yet. May be called again for more.

        Raises CandidateFault or InfrastructureError. A parent that fails was right before: that is taken for our
        fault once, and raised as CandidateFault with arm `parent` when it happens again under the same key.
        """
        for arm in ("child", "parent"):
            if arm not in self._runners:
                self.build(arm)
        before = self._runners["child"].used()
        answer = self._ask("pairs", self._patience(), count=count, suite=suite)
        after = self._runners["child"].used()
        try:
            found = [Pair.model_validate(item) for item in answer["pairs"]]
            self._busy = {str(arm): float(seconds) for arm, seconds in answer["busy"].items()}
        except (KeyError, TypeError, AttributeError, ValidationError) as error:
            raise InfrastructureError("judge: the answer to pairs is not a list of pairs") from error
        if len(found) != count or not all(math.isfinite(pair.parent) and math.isfinite(pair.child) for pair in found):
            raise InfrastructureError("judge: the answer to pairs is incomplete")
        if self._judge.settings.metric_kind == "time" and before is not None and after is not None:
            times = [pair.child for pair in found], [pair.parent for pair in found]
            self._account.add(after - before, *times, extra=int(suite not in self._warmed))
        self._warmed.add(suite)
        self.measured += found
        self.profile = _figures(answer)
        return found

    def finish(self) -> None:
        """Stop the runners and look at what they used; leaving the session without an exception does the same.

        Raises CandidateFault `quarantined:background-work` when the child used more CPU time than its calls took: a
        thread that burns in the background slows the parent's calls and so flatters its own.
        """
        self._stop()
        if self._account.used > self._account.allowed:
            raise CandidateFault(
                "child",
                "quarantined:background-work",
                "the runner used CPU time while it was not its turn",
                f"{self._account.used:.3f} s of CPU during the pairs, allowed {self._account.allowed:.3f} s",
            )
        child, busy = self._exits.get("child"), self._busy.get("child")
        if child is None or busy is None:
            return
        allowed = allowed_cpu_seconds(busy, child.wall_seconds, self._judge.settings.run_limits.cpus)
        if child.cpu_seconds > allowed:
            raise CandidateFault(
                "child",
                "quarantined:background-work",
                "the runner used far more CPU time than its calls took",
                f"{child.cpu_seconds:.2f} s of CPU, allowed {allowed:.2f} s",
            )

    def cpu_seconds(self) -> float:
        """CPU seconds of both runners. It stops them: ask when nothing is left to measure."""
        self._stop()
        return sum(exit_.cpu_seconds for exit_ in self._exits.values())

    def said(self, arm: str) -> str:
        """Standard error of an arm's runner, once it has ended; as much of it as was kept."""
        ended = self._exits.get(arm)
        return ended.stderr.decode("utf-8", "replace") if ended else ""

    def close(self) -> None:
        """Remove the runners and end the judge's session. May be repeated."""
        try:
            self._stop()
        finally:
            self._client.close()
            if self._prepared is not None:
                self._prepared.close()

    def _runner(self, arm: str) -> Running:
        """The arm's container: the one that waits, given to this use, or a new one."""
        where = (self._key, arm, self._arms[arm], self._io / arm, self._cpuset)
        waiting = self._prepared.take(arm) if self._prepared else None
        if waiting is None:
            return self._judge.launch_runner(*where)
        self._judge.assign_runner(waiting, *where)
        return waiting

    def _stop(self) -> None:
        """End and remove every runner, even when one resists; raises the first InfrastructureError at the end."""
        failure: InfrastructureError | None = None
        for arm, running in self._runners.items():
            try:
                if arm not in self._exits:
                    self._exits[arm] = running.kill("killed")
                    running.remove()
            except InfrastructureError as error:
                failure = failure or error
                running.remove()
        if failure is not None:
            raise failure

    def _patience(self) -> float:
        return self._judge.settings.run_limits.wall_seconds + MARGIN_SECONDS

    def _ask(self, op: str, seconds: float, **fields: Any) -> dict[str, Any]:
        answer = self._client.ask(op, seconds, **fields)
        if "fault" in answer:
            raise self._fault(answer["fault"])
        return answer

    def _fault(self, fault: dict[str, Any]) -> Exception:
        arm, seen = str(fault.get("arm", "")), str(fault.get("verdict", ""))
        feedback, log = str(fault.get("feedback", "")), str(fault.get("log", ""))
        running = self._runners.get(arm)
        if running is None:
            return InfrastructureError(f"judge: a fault of an arm that does not run: {arm!r}")
        exit_ = self._exits[arm] = _end(running, seen)
        running.remove()
        said = exit_.stderr[-8000:].decode("utf-8", "replace")
        if seen == ABSENT:
            return InfrastructureError(f"runner: {feedback} ({exit_.reason}, code {exit_.code}): {said[-1000:]}")
        verdict, note = verdict_of(seen, exit_)
        if not verdict.startswith(("failed:", "killed:", "quarantined:")):
            return InfrastructureError(f"judge: unknown verdict {verdict!r}")
        text = "; ".join(part for part in (feedback, note) if part)
        if arm == "parent" and self._judge.parent_failed(self._key) == 1:
            return InfrastructureError(f"runner: the parent's runner failed ({verdict}: {text}); trying again")
        return CandidateFault(arm, verdict, _cut(text), f"{log}\n{said}".strip(), silent=seen == "killed:timeout")


def _figures(answer: dict[str, Any]) -> dict[str, dict[str, float]]:
    try:
        told = answer["profile"].items()
        return {str(case): {str(name): float(one) for name, one in found.items()} for case, found in told}
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise InfrastructureError("judge: the answer's profile holds something else than figures") from error


def _cut(text: str) -> str:
    return text.encode("utf-8", "replace")[:FEEDBACK_BYTES].decode("utf-8", "ignore")


def allowed_cpu_seconds(busy: float, wall: float, cpus: float) -> float:
    """CPU seconds that calls of `busy` seconds explain in a container that lived `wall` seconds.

    The last term is the error of a counter that is sampled ever more seldom: a tenth of the age, 0.25 to 2 seconds.
    """
    sampling = min(max(0.25, 0.12 * wall), 2.2) * cpus
    return BUSY_FACTOR * max(1.0, cpus) * busy + FREE_CPU_SECONDS + sampling


def _end(running: Running, seen: str) -> Exit:
    ended = running.wait(5.0) if seen == LOST else None
    return ended or running.kill("timeout" if seen == "killed:timeout" else "killed")
