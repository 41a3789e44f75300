"""The two judgements: is an arm right (`check`), and how do two right arms compare (`pairs`)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .arm import Answer, Arm
from .draw import generator
from .evaluator import OUT, Case, Evaluator, sizes
from .faults import Fault, TargetError
from .settings import Rules

HELD_BYTES = 96 * 1024 * 1024
"""Outputs and inputs that wait for their check, at most."""
DEVICE = "device"
"""The language of targets that a launcher calls on a GPU."""
REPEATS = 2
"""Cases of a suite that are asked a second time, with the same content at another place."""
HIDDEN = "sealed"
"""The suite of which nothing may be told."""


class ArmFault(Exception):
    """A fault and whose it is."""

    def __init__(self, arm: str, fault: Fault) -> None:
        super().__init__(f"{arm}: {fault}")
        self.arm = arm
        self.fault = fault


class Measurement:
    """Draws, calls and checks for the arms of one session."""

    def __init__(self, evaluator: Evaluator, rules: Rules, seed: bytes) -> None:
        self._evaluator = evaluator
        self._rules = rules
        self._seed = seed
        self._draws = 0
        self._warmed: set[tuple[str, str]] = set()
        self.profile: dict[str, dict[str, float]] = {}
        """Figures of the child by visible case, from its newest calls."""

    def largest(self, suites: Iterable[str]) -> tuple[list[int], list[int]]:
        """Sizes of the inputs and outputs of the largest case, by drawing each once."""
        drawn = [
            sizes(self._evaluator.draw(case, generator(self._seed, "size", suite)))
            for suite in suites
            for case in self.cases(suite)
        ]
        return max((d[0] for d in drawn), key=sum), max((d[1] for d in drawn), key=sum)

    def describe(self) -> dict[str, Any]:
        """Kinds of arguments (`in:<dtype character>`, `out`, `int`, `float`), and dtype characters of the outputs."""
        draw = self._evaluator.draw(self.cases("visible")[0], self._fresh("describe"))
        kinds = [
            f"in:{value.dtype.char}"
            if isinstance(value, np.ndarray)
            else OUT
            if isinstance(value, str)
            else "float"
            if isinstance(value, float)
            else "int"
            for value in draw.arguments
        ]
        return {"arguments": kinds, "outputs": [kind.char for _, kind in draw.shapes]}

    def cases(self, suite: str) -> list[Case]:
        """The cases of a suite in this session."""
        return self._evaluator.cases(suite, generator(self._seed, "cases", suite))

    def check(self, name: str, arm: Arm, suite: str) -> tuple[int, dict[str, float]]:
        """Call every case of a suite, in random order, some of them twice, and check it; `quiet` is to follow.

        Returns their number and, of a target with a score, the value of each case that counts.
        """
        cases = self.cases(suite)
        rng = self._fresh("order")
        order = [int(index) for index in rng.permutation(len(cases))]
        again = {int(index) for index in rng.choice(order, min(REPEATS, len(order)), replace=False)}
        first: dict[int, Answer] = {}
        values: dict[str, float] = {}
        try:
            for index in order:
                answer = self._call(arm, cases[index])
                if self._rules.metric_kind == "score" and cases[index].get("timed", True):
                    values[cases[index]["name"]] = self._value(arm, answer)
                else:
                    self._verify(arm, answer)
                self._note(name, suite, answer)
                if index in again:
                    first[index] = answer
            for answer in first.values():
                self._repeat(arm, answer)
        except Fault as fault:
            raise ArmFault(name, _hide(fault, suite)) from fault
        return len(cases), values

    def quiet(self, name: str, arm: Arm) -> None:
        """Require that the arm has been still for a moment since its last answer. Raises ArmFault."""
        try:
            arm.quiesce()
        except Fault as fault:
            raise ArmFault(name, fault) from fault

    def pairs(self, arms: dict[str, Arm], count: int, suite: str) -> list[dict[str, Any]]:
        """Measure `count` pairs of parent and child, interleaved, each pair on one fresh draw in random order."""
        timed = [case for case in self.cases(suite) if case.get("timed", True)]
        if not timed:
            raise TargetError(f"evaluator.cases({suite!r}): no case is timed")
        rng = self._fresh("pairs")
        for name, arm in arms.items():
            self._warm(name, arm, timed[int(rng.integers(len(timed)))], suite)
        found: list[dict[str, Any]] = []
        held: list[tuple[str, Answer]] = []
        turns: list[int] = []
        order: list[str] = []
        for number in range(count):
            turns = turns or [int(i) for i in rng.permutation(len(timed))]
            case = timed[turns.pop()]
            # P C C P or C P P C: a drift of the machine then bears on both alike.
            order = order[::-1] if number % 2 else ["parent", "child"][:: 1 if rng.integers(2) else -1]
            draw = self._evaluator.draw(case, self._fresh("inputs"))
            pair: dict[str, Any] = {"case": case["name"], "first": order[0]}
            for name in order:
                try:
                    answer = arms[name].call(draw, self._fresh("places"), self._rules.call_seconds)
                    pair[name] = self._value(arms[name], answer)
                except Fault as fault:
                    raise ArmFault(name, _hide(fault, suite)) from fault
                held.append((name, answer))
            found.append(pair)
            if sum(_weight(answer) for _, answer in held) > HELD_BYTES:
                self._settle(arms, held, suite, rng)
        self._settle(arms, held, suite, rng)
        for name, arm in arms.items():
            self.quiet(name, arm)
        return found

    def _note(self, name: str, suite: str, answer: Answer) -> None:
        """Keep the figures of a right answer, and nothing else of it. Of the sealed suite nothing is told."""
        figures = answer.draw.profile(answer.seconds, answer.outputs) if name == "child" and suite != HIDDEN else {}
        if figures:
            self.profile[answer.draw.case["name"]] = figures

    def _warm(self, name: str, arm: Arm, case: Case, suite: str) -> None:
        """One checked call whose time is thrown away, before an arm's first pair of a suite. A score needs none."""
        if self._rules.metric_kind == "score" or (name, suite) in self._warmed:
            return
        self._warmed.add((name, suite))
        try:
            self._verify(arm, self._call(arm, case))
        except Fault as fault:
            raise ArmFault(name, _hide(fault, suite)) from fault

    def _call(self, arm: Arm, case: Case) -> Answer:
        draw = self._evaluator.draw(case, self._fresh("inputs"))
        return arm.call(draw, self._fresh("places"), self._rules.call_seconds)

    def _repeat(self, arm: Arm, first: Answer) -> None:
        """Equal inputs give equal outputs: else a score is luck, and what is accepted is not what was judged."""
        if self._rules.language == "evaluator":
            return  # its number is a measurement, and measurements differ
        second = arm.call(first.draw, self._fresh("places"), self._rules.call_seconds)
        self._verify(arm, second)
        try:
            differs = first.draw.agree(first.outputs, second.outputs)
        except Exception as error:
            raise Fault("quarantined:evaluator-error", f"agree raised {type(error).__name__}", str(error)) from error
        if differs is not None:
            raise Fault("failed:not-repeatable", f"case {first.draw.case['name']}, asked twice: {differs}")

    def _verify(self, arm: Arm, answer: Answer) -> None:
        try:
            arm.judge(answer, f"case {answer.draw.case['name']}: ")
        except Fault:
            # Wrong because unfinished is another matter than wrong: look again before saying so.
            arm.quiesce()
            raise

    def _settle(
        self, arms: dict[str, Arm], held: list[tuple[str, Answer]], suite: str, rng: np.random.Generator
    ) -> None:
        """Check what waits, in random order. Score targets were checked at once: their value needs a right answer."""
        if self._rules.metric_kind == "time":
            for index in rng.permutation(len(held)):
                name, answer = held[index]
                try:
                    self._verify(arms[name], answer)
                except Fault as fault:
                    raise ArmFault(name, _hide(fault, suite)) from fault
        for name, answer in held:
            self._note(name, suite, answer)
        held.clear()

    def _value(self, arm: Arm, answer: Answer) -> float:
        if self._rules.metric_kind == "time":
            if self._rules.language == DEVICE:
                answer.seconds = device_seconds(answer)
            self._plausible(answer)
            return answer.seconds
        self._verify(arm, answer)
        try:
            value = answer.draw.score(answer.outputs)
        except Exception as error:
            raise Fault("quarantined:evaluator-error", f"score raised {type(error).__name__}", str(error)) from error
        if not math.isfinite(value):
            raise Fault("quarantined:implausible", "the score is not a finite number")
        return value

    def _plausible(self, answer: Answer) -> None:
        rules = self._rules
        least = max(answer.draw.least_seconds(rules.gflops, rules.gbytes), rules.resolution_seconds)
        if not answer.seconds >= least:
            raise Fault(
                "quarantined:implausible",
                f"case {answer.draw.case['name']}: {answer.seconds * 1e6:.1f} us, "
                f"while no machine needs less than {least * 1e6:.1f} us",
            )

    def _fresh(self, label: str) -> np.random.Generator:
        self._draws += 1
        return generator(self._seed, label, self._draws)


def device_seconds(answer: Answer) -> float:
    """Seconds of one launch by the device's clock, which the judge's own bears out: all launches fit into the call.

    The launcher holds no candidate code, so its word is taken, but never for more time than passed, nor for none.
    """
    told = answer.told
    launches = answer.draw.shapes[0][0][0]
    if isinstance(told, bool) or not isinstance(told, int | float) or not 0 < told * launches <= answer.seconds:
        raise Fault("quarantined:clock", f"{launches} launches of {told!r} s do not fit into {answer.seconds:.6f} s")
    return float(told)


def _weight(answer: Answer) -> int:
    return sum(a.nbytes for a in answer.outputs) + sum(a.nbytes for a in answer.draw.arrays)


def _hide(fault: Fault, suite: str) -> Fault:
    """What may be told: of the sealed suite only the verdict, since feedback goes to the next proposer."""
    if suite != HIDDEN:
        return fault
    return Fault(fault.verdict, "on a sealed case", f"{fault.feedback}\n{fault.log}")
