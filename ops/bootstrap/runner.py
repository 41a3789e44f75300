"""Runs set-up steps side by side, says what they do, and adds up the seconds."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

Say = Callable[[str], None]


class StepError(Exception):
    """A step cannot be done. `remedy` is what a person should do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.remedy = remedy


@dataclass
class Step:
    """One thing to prepare. `work` returns a short result; it returns at once when there is nothing to do."""

    name: str
    work: Callable[[Say], str]
    after: tuple[str, ...] = ()
    optional: bool = False
    seconds: float = 0.0
    result: str = ""
    problem: StepError | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Runner:
    """Prints one line per event; lines of steps that run at once carry their step's name."""

    def __init__(self, steps: list[Step], *, quiet: bool) -> None:
        self._steps = {step.name: step for step in steps}
        self._quiet = quiet
        self._started = time.monotonic()
        self._print = threading.Lock()

    def say(self, step: str, text: str) -> None:
        """One progress line, at once, even into a pipe."""
        with self._print:
            sys.stderr.write(f"  {time.monotonic() - self._started:6.1f} s  {step:<9} {text}\n")
            sys.stderr.flush()

    def run(self) -> bool:
        """Run all steps; true when no needed one failed."""
        with ThreadPoolExecutor(max_workers=len(self._steps)) as pool:
            list(pool.map(self._one, self._steps.values()))
        return all(step.problem is None or step.optional for step in self._steps.values())

    def _one(self, step: Step) -> None:
        try:
            for name in step.after:
                before = self._steps.get(name)
                if before is None:
                    continue
                before.done.wait()
                if before.problem is not None:
                    raise StepError(f"needs {name}, which failed", "mend that first")
            started = time.monotonic()
            try:
                step.result = step.work(lambda text: self.say(step.name, text))
            finally:
                step.seconds = time.monotonic() - started
        except StepError as error:
            step.problem = error
        except Exception as error:
            step.problem = StepError(f"{type(error).__name__}: {error}", "this is a fault in ops/bootstrap")
        finally:
            if step.problem is not None:
                self.say(step.name, f"{'skipped' if step.optional else 'FAILED'}: {step.problem}")
            elif step.seconds >= 1.0:
                self.say(step.name, f"done: {step.result}")
            step.done.set()

    def table(self, log_dir: Path) -> str:
        """The split: seconds per step, the wall time, and remedies for what failed."""
        wall = time.monotonic() - self._started
        problems = [(step.name, step.problem) for step in self._steps.values() if step.problem is not None]
        if self._quiet and not problems and wall < 5.0:
            return f"set-up: everything in place ({wall:.1f} s)"
        lines = ["", "set-up        seconds   result"]
        for step in self._steps.values():
            result = step.result if step.problem is None else f"{'skipped' if step.optional else 'FAILED'}"
            lines.append(f"  {step.name:<10} {step.seconds:8.1f}   {result}")
        total = sum(step.seconds for step in self._steps.values())
        lines.append(f"  {'wall time':<10} {wall:8.1f}   ({total:.1f} s one after the other)")
        for name, problem in problems:
            lines += ["", f"{name}: {problem}", f"  remedy: {problem.remedy}"]
        if problems:
            lines.append(f"  logs: {log_dir}")
        return "\n".join(lines)

    def record(self) -> dict[str, object]:
        """For `ratchet demo`, which reports set-up and campaign time side by side."""
        steps = {step.name: round(step.seconds, 2) for step in self._steps.values()}
        return {
            "finished": time.time(),
            "wall_seconds": round(time.monotonic() - self._started, 2),
            "steps": steps,
        }
