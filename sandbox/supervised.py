"""One started container under watch: its output is read, its limits are held, its end is told. One thread each.

The watcher ends the container at its deadline and at its output cap by a SIGKILL to the whole of it; an exec's or a
program's own timeout would leave processes behind. Memory, processes and file sizes are held by the kernel.

CPU time is sampled, since an engine forgets it with the end: `Exit.cpu_seconds` is the last sample plus all that the
container could have used after it, so it is never too small, and too large by one sampling interval at most.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sandbox.capture import Demultiplexer
from sandbox.docker_options import pids_limit
from sandbox.engine import Engine, Gone, Sample, Stream
from sandbox.exits import Exit, KillReason, classify
from sandbox.spec import ContainerSpec
from workflows.ports import InfrastructureError

KILL_SECONDS = 15.0
"""How long an engine may take to obey a kill."""

_FIRST_SAMPLE, _LAST_SAMPLE = 0.02, 0.25
"""Pauses between samples: they grow with age, so that short lives are seen too."""
_SAMPLE_SHARE = 10
"""A sample that took long is followed by a pause this many times as long."""


class Supervised:
    """A running container; see `backend.Running` for the surface."""

    def __init__(
        self, engine: Engine, identity: str, spec: ContainerSpec, stream: Stream, remove: Callable[[Supervised], None]
    ) -> None:
        self.id = identity
        self.name = spec.name
        self.names = {spec.name}
        """All names it ever had: each is taken until it is gone."""
        self.started_at = time.time()
        self._engine = engine
        self._spec = spec
        self._stream = stream
        self._remove = remove
        self._removing = False
        self._born = self._begin = time.monotonic()
        self._output = Demultiplexer()
        self._last = Sample(pids=0, cpu_seconds=0.0)
        self._sampled = self._begin
        self._next_sample = self._begin + _FIRST_SAMPLE
        self._crowded = False
        self._most_pids = 0
        self._lock = threading.Lock()
        self._asked: KillReason | None = None
        self._asked_at = 0.0
        self._end: Exit | None = None
        self._failure: InfrastructureError | None = None
        self._done = threading.Event()
        threading.Thread(target=self._watch, name=f"container {spec.name}", daemon=True).start()

    @property
    def spec(self) -> ContainerSpec:
        """What it was launched with, or given to since."""
        return self._spec

    def given_to(self, spec: ContainerSpec) -> None:
        """From now on it serves `spec`: another name, and a lifetime that begins here."""
        self.names.add(spec.name)
        self.name, self._spec = spec.name, spec
        self.started_at, self._begin = time.time(), time.monotonic()
        self._next_sample = self._begin + _FIRST_SAMPLE

    def wait(self, seconds: float) -> Exit | None:
        """See `backend.Running.wait`."""
        if not self._done.wait(seconds):
            return None
        if self._failure is not None:
            raise self._failure
        return self._end

    def kill(self, reason: KillReason = "killed") -> Exit:
        """See `backend.Running.kill`. The first reason asked for is the one that counts."""
        if not self._done.is_set():
            self._send_kill(reason)
        end = self.wait(KILL_SECONDS + 1)
        if end is None:
            raise InfrastructureError(f"docker: container {self.name} did not end within {KILL_SECONDS:g} s of a kill")
        return end

    def alive(self) -> bool:
        """See `backend.Running.alive`."""
        return not self._done.is_set()

    def used(self) -> float | None:
        """See `backend.Running.used`."""
        try:
            sample = self._engine.sample(self.id)
        except (Gone, InfrastructureError):
            return None
        return sample.cpu_seconds if sample else None

    def remove(self) -> None:
        """See `backend.Running.remove`."""
        with self._lock:
            first, self._removing = not self._removing, True
        if first:
            self._remove(self)

    def _send_kill(self, reason: KillReason) -> None:
        with self._lock:
            if self._asked is None:
                self._asked, self._asked_at = reason, time.monotonic()
        # An engine answers a kill after the end, and the end waits for a reader of the output: never kill and read in
        # one thread.
        threading.Thread(target=self._kill, name=f"kill {self.name}", daemon=True).start()

    def _kill(self) -> None:
        for pause in (0.5, 1.0, 2.0, 0.0):
            try:
                self._engine.kill(self.id)
                return
            except Gone:
                return  # the watcher says so
            except InfrastructureError:
                if not self.alive():
                    return
                time.sleep(pause)  # after the last, the watcher says that it was in vain

    def _watch(self) -> None:
        try:
            self._end = self._follow()
        except Gone:
            self._failure = InfrastructureError(f"docker: container {self.name} was removed while it was in use")
        except InfrastructureError as error:
            self._failure = error
        except Exception as error:
            self._failure = InfrastructureError(f"sandbox: the watch over {self.name} failed: {error!r}")
        finally:
            self._done.set()
            self._stream.close()

    def _follow(self) -> Exit:
        streaming = True
        while True:
            now, deadline = time.monotonic(), self._begin + self._spec.limits.wall_seconds
            self._hold_limits(now, deadline)
            pause = min(self._next_sample, deadline) - now if self._asked is None else KILL_SECONDS / 10
            pause = max(pause, 0.005)
            if streaming:
                data = self._stream.read(pause)
                if data:
                    self._output.feed(data)
                if data == b"":
                    streaming = False
                    self._sample()  # most often the last moment at which its use is known
            else:
                # The end of the output is not yet the end: a program may close its streams and go on.
                code = self._engine.wait(self.id, pause)
                if code is not None:
                    return self._finish(code)

    def _hold_limits(self, now: float, deadline: float) -> None:
        if self._asked is not None:
            if now > self._asked_at + KILL_SECONDS:
                raise InfrastructureError(f"docker: container {self.name} outlived a kill by {KILL_SECONDS:g} s")
            return
        if self._output.total > self._spec.limits.output_bytes:
            self._send_kill("output")
        elif now >= deadline:
            self._sample()
            self._send_kill("timeout")
        elif now >= self._next_sample:
            self._sample()

    def _sample(self) -> None:
        begin = time.monotonic()
        sample = self._engine.sample(self.id)
        end = time.monotonic()
        pause = min(max((end - self._begin) / 3, _FIRST_SAMPLE), _LAST_SAMPLE)
        self._next_sample = end + max(pause, _SAMPLE_SHARE * (end - begin))
        if sample is not None and sample.cpu_seconds >= self._last.cpu_seconds:
            self._sampled, self._last = begin, sample
            self._most_pids = max(self._most_pids, sample.pids)
            self._crowded |= sample.pids >= pids_limit(self._spec) or sample.forks_refused > 0

    def _finish(self, code: int) -> Exit:
        ended = time.monotonic()
        limits = self._spec.limits
        unseen = limits.cpus * (ended - self._sampled)
        reason = classify(
            code,
            asked=self._asked,
            oom_killed=code != 0 and self._asked in (None, "timeout") and self._oom_killed(code),
            crowded=self._crowded or self._sentry_crowded(code),
        )
        return Exit(
            code=code,
            reason=reason,
            stdout=self._output.stdout.value(),
            stderr=self._output.stderr.value(),
            wall_seconds=ended - self._begin,
            cpu_seconds=min(self._last.cpu_seconds + unseen, limits.cpus * (ended - self._born)),
        )

    def _sentry_crowded(self, code: int) -> bool:
        """gVisor's kernel is a process under the same limit: refused a thread it ends at once, with its runtime's 2."""
        return self._spec.runtime == "runsc" and code == 2 and 4 * self._most_pids >= 3 * pids_limit(self._spec)

    def _oom_killed(self, code: int) -> bool:
        """The kernel's count, else the engine's flag; its event may come after that of the end: ask twice for a 137."""
        if self._last.oom_kills:
            return True
        for pause in (0.0, 0.02, 0.05, 0.1, 0.2):
            time.sleep(pause)
            if self._engine.inspect(self.id)["State"]["OOMKilled"]:
                return True
            if code != 137 or self._asked is not None:
                return False
        return False
