"""One session: a process of its own that answers the host's requests about two arms until `close` or hang-up.

Requests: `open` {name, seed, rules, arms} · `describe` · `build` {arm} · `trial` {arm, at, suites} ·
`check` {arm, suite} · `pairs` {count, suite} · `close`.
Answers: {"ok": true, …} · {"fault": {arm, verdict, feedback, log}} · {"error": "…"} when the target or the judge is
at fault.
"""

from __future__ import annotations

import gc
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from .arm import Arm
from .evaluator import Evaluator
from .faults import Fault, TargetError
from .measure import ArmFault, Measurement
from .regions import span
from .settings import Rules
from .wire import Closed, Link

IDLE_SECONDS = 3600.0
"""A host that says nothing for so long is gone."""
SUITES = ("visible", "sealed")
LOG_LIMIT = 48 * 1024
HARMLESS = ("failed:build", "failed:wrong", "failed:exception", "failed:bad-output", "failed:not-repeatable")
"""Failures after which a runner that keeps quiet is as good as before."""

T = TypeVar("T")


class Session:
    """State between `open` and `close`."""

    def __init__(self, io: Path, target: Path) -> None:
        self._io = io
        self._target = target
        self._folder: Path | None = None
        self._rules: Rules | None = None
        self._measurement: Measurement | None = None
        self._arms: dict[str, Arm] = {}

    def serve(self, link: Link) -> None:
        """Answer until the host hangs up, then clean the folder away."""
        gc.disable()
        try:
            while True:
                gc.collect()  # between requests, never inside a timed call
                request = link.receive(IDLE_SECONDS)
                answer = self.answer(request)
                link.send({"id": request.get("id"), **answer})
                if request.get("op") == "close":
                    return
        except Closed:
            return
        finally:
            self.close()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request; never raises."""
        try:
            handlers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
                "open": self._open,
                "describe": self._describe,
                "build": self._build,
                "trial": self._trial,
                "check": self._check,
                "quiet": self._quiet,
                "pairs": self._pairs,
                "close": lambda _: {},
            }
            handler = handlers[request["op"]]
            return {"ok": True, **handler(request)}
        except ArmFault as error:
            fault = error.fault
            return {
                "fault": {
                    "arm": error.arm,
                    "verdict": fault.verdict,
                    "feedback": fault.feedback,
                    "log": fault.log[-LOG_LIMIT:],
                }
            }
        except TargetError as error:
            return {"error": f"target: {error}"}
        except Exception:
            return {"error": f"judge: {traceback.format_exc(limit=-4)[-4000:]}"}

    def close(self) -> None:
        """Release everything."""
        for arm in self._arms.values():
            arm.close()
        self._arms = {}
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _open(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._measurement is not None:
            raise RuntimeError("the session is open already")
        self._rules = Rules.parse(request["rules"])
        self._measurement = Measurement(
            Evaluator(self._target / self._rules.evaluator), self._rules, bytes.fromhex(request["seed"])
        )
        ins, outs = self._measurement.largest(SUITES)
        folder = self._io / str(request["name"])
        if folder.parent != self._io:
            raise RuntimeError("a session's name is one path segment")
        folder.mkdir(mode=0o711)
        folder.chmod(0o711)
        self._folder = folder
        self._arms = {str(name): Arm(folder / str(name), span(ins), span(outs)) for name in request["arms"]}
        return {"in_bytes": span(ins), "out_bytes": span(outs)}

    def _describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """What a call looks like: the kinds of its arguments and the types of its outputs."""
        return _need(self._measurement).describe()

    def _build(self, request: dict[str, Any]) -> dict[str, Any]:
        """Build and load what lies in the runner's candidate folder, or in its subfolder `at`."""
        name, rules, at = str(request["arm"]), _need(self._rules), str(request.get("at", ""))
        arm = self._arms[name]
        try:
            arm.connect()
            log = ""
            if rules.build:
                ask = {"do": "build", "argv": rules.build, "seconds": rules.build_seconds, "at": at}
                log = str(arm.ask(ask, rules.build_seconds + 5.0).get("log", ""))
            what = {"language": rules.language, "file": rules.file, "symbol": rules.symbol, "at": at}
            arm.ask({"do": "load", **what, "seconds": rules.call_seconds}, rules.build_seconds + 5.0)
        except Fault as fault:
            raise ArmFault(name, fault) from fault
        return {"log": log[-LOG_LIMIT:]}

    def _trial(self, request: dict[str, Any]) -> dict[str, Any]:
        """One of several trees that a runner holds, through all that a candidate goes through before it is measured.

        How it failed is an answer, not a fault, when the runner is as good as before: for the next tree, that is.
        """
        name, measurement = str(request["arm"]), _need(self._measurement)
        arm = self._arms[name]
        try:
            self._build(request)
            for suite in request["suites"]:
                measurement.check(name, arm, str(suite))
                measurement.quiet(name, arm)
        except ArmFault as error:
            if error.fault.verdict not in HARMLESS:
                raise
            try:
                arm.quiesce()
            except Fault:
                raise error from None
            return {"verdict": error.fault.verdict, "feedback": error.fault.feedback}
        return {"verdict": "", "feedback": ""}

    def _check(self, request: dict[str, Any]) -> dict[str, Any]:
        name = str(request["arm"])
        measurement = _need(self._measurement)
        cases, values = measurement.check(name, self._arms[name], str(request["suite"]))
        return {"cases": cases, "values": values, "profile": measurement.profile}

    def _quiet(self, request: dict[str, Any]) -> dict[str, Any]:
        name = str(request["arm"])
        _need(self._measurement).quiet(name, self._arms[name])
        return {}

    def _pairs(self, request: dict[str, Any]) -> dict[str, Any]:
        measurement = _need(self._measurement)
        found = measurement.pairs(self._arms, int(request["count"]), str(request["suite"]))
        busy = {name: arm.busy_seconds for name, arm in self._arms.items()}
        return {"pairs": found, "busy": busy, "profile": measurement.profile}


def _need(value: T | None) -> T:
    if value is None:
        raise RuntimeError("open the session first")
    return value
