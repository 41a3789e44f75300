"""One arm as the judge sees it: a socket to the runner, its two regions, and calls under the judge's own clock."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .evaluator import OUT, Draw, sizes
from .faults import Fault, plain
from .regions import InRegion, OutRegion
from .wire import Closed, Late, Link, Malformed, decode, encode

QUIET_SECONDS = 0.1
"""How long an arm must leave its output alone after its last answer."""
CONNECT_SECONDS = 30.0
"""How long a started runner may take to connect."""

VERDICTS = {
    **{reason: f"failed:{reason}" for reason in ("build", "load", "wrong", "exception", "bad-output")},
    "timeout": "killed:timeout",
    "launch": "failed:launch",
    **{reason: f"quarantined:{reason}" for reason in ("guard-band", "input-mutated", "clock")},
}
"""What a runner may say against its own candidate; the last lines are those of a device's launcher."""


@dataclass
class Answer:
    """A finished call: its time and a copy of its outputs, not yet checked for being right."""

    draw: Draw
    seconds: float
    outputs: list[np.ndarray[Any, Any]]
    unwritten: int
    told: object = None
    """Seconds by a device's clock, as a launcher tells them."""


class Arm:
    """A runner and what it shares with the judge, in a folder of its own."""

    def __init__(self, folder: Path, in_size: int, out_size: int) -> None:
        folder.mkdir(mode=0o711)
        folder.chmod(0o711)
        self._in = InRegion(folder / "in", in_size)
        self._out = OutRegion(folder / "out", out_size)
        socket_folder = folder / "sock"
        socket_folder.mkdir()
        socket_folder.chmod(0o755)
        self._listener = listen(socket_folder, "s", 0o666)
        self._link: Link | None = None
        self._calls = 0
        self._answered = 0.0
        self.busy_seconds = 0.0
        """Time in which the arm had a reason to use its CPU."""

    def connect(self) -> None:
        """Wait for the runner and greet it; once connected, nobody else can."""
        if self._link is not None:
            return
        deadline = time.monotonic() + CONNECT_SECONDS
        while self._link is None:
            self._listener.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                peer, _ = self._listener.accept()
            except TimeoutError as error:
                raise Fault("absent", f"the runner did not connect within {CONNECT_SECONDS:g} s") from error
            self._link = Link(peer)
            try:
                self.ask({"do": "hello", "in": self._in.size, "out": self._out.size}, 10.0)
            except Fault as fault:
                if fault.verdict != "lost":
                    raise
                # One that had waited for this arm and was replaced: its connection stands in line before the other's.
                self._link.close()
                self._link = None
        self._listener.close()

    def ask(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send one request and take its answer. Raises Fault for everything but a well-formed answer in time."""
        line, number = self._number(message)
        started = time.perf_counter()
        answer = self._exchange(line, seconds)[0]
        self.busy_seconds += time.perf_counter() - started
        return self._read(answer, number)

    def call(self, draw: Draw, rng: np.random.Generator, seconds: float) -> Answer:
        """Call the candidate once with fresh content at fresh offsets, and time it from outside."""
        self.settled()
        _, out_sizes = sizes(draw)
        out_offsets = self._out.prepare(out_sizes, rng)
        contents = [array.tobytes() for array in draw.arrays]
        # Last before the clock: the shorter the inputs lie there, the less a waiting thread can do with them.
        in_offsets = self._in.write(contents, rng)
        line, number = self._number({"do": "call", **_places(draw, in_offsets, out_offsets)})
        reply, elapsed = self._exchange(line, seconds)
        self._out.fence()
        self._answered = time.monotonic()
        self.busy_seconds += elapsed
        told = self._read(reply, number)
        self._out.verify()
        self._in.verify()
        outputs = [
            np.frombuffer(self._out.output(offset, size), dtype=kind).reshape(shape)
            for offset, size, (shape, kind) in zip(out_offsets, out_sizes, draw.shapes, strict=True)
        ]
        unwritten = sum(self._out.unwritten(*place) for place in zip(out_offsets, out_sizes, strict=True))
        return Answer(draw, elapsed, outputs, unwritten, told.get("seconds"))

    def settled(self) -> None:
        """Raises Fault when the runner wrote or spoke since its last answer."""
        if self._link is None or self._link.pending():
            raise self._unasked()
        self._out.settled()

    def quiesce(self) -> None:
        """Require that nothing happened for a moment since the last answer; waits for the rest of that moment."""
        time.sleep(max(0.0, self._answered + QUIET_SECONDS - time.monotonic()))
        self.settled()

    def judge(self, answer: Answer, where: str = "") -> None:
        """Check an answer's outputs. Raises Fault when they are wrong."""
        try:
            complaint = answer.draw.check(answer.outputs)
        except Exception as error:
            # An evaluator that trips over outputs may have been tripped on purpose: no score, and a person looks.
            raise Fault(
                "quarantined:evaluator-error", f"the evaluator raised {type(error).__name__}", str(error)
            ) from (error)
        if complaint is None:
            return
        if answer.unwritten:
            complaint += f"; {answer.unwritten} words of the output were never written"
        raise Fault("failed:wrong", f"{where}{complaint}")

    def close(self) -> None:
        """Hang up and release the files."""
        if self._link is not None:
            self._link.close()
        self._listener.close()
        self._in.close()
        self._out.close()

    def _number(self, message: dict[str, Any]) -> tuple[bytes, str]:
        self._calls += 1
        number = f"{self._calls}-{os.urandom(8).hex()}"
        return encode({"id": number, **message}), number

    def _exchange(self, line: bytes, seconds: float) -> tuple[bytes, float]:
        if self._link is None:
            raise Fault("lost", "the runner is not connected")
        if self._link.pending():
            raise self._unasked()
        try:
            started = time.perf_counter_ns()
            self._link.send_line(line, seconds)
            reply = self._link.receive_line(seconds)
            return reply, (time.perf_counter_ns() - started) / 1e9
        except Late as error:
            raise Fault("killed:timeout", f"no answer within {seconds:g} s") from error
        except Closed as error:
            raise Fault("lost", "the runner went away during a call") from error
        except Malformed as error:
            raise Fault("failed:bad-output", f"the runner answered with {error}") from error

    def _read(self, line: bytes, number: str) -> dict[str, Any]:
        try:
            answer = decode(line)
        except Malformed as error:
            raise Fault("failed:bad-output", f"the runner's answer is {error}") from error
        if answer.get("id") != number:
            raise Fault("failed:bad-output", "the runner answered something that was not asked")
        if answer.get("ok") is not True:
            verdict = VERDICTS.get(str(answer.get("reason")), "failed:bad-output")
            raise Fault(verdict, plain(str(answer.get("error", "")), 3000), str(answer.get("log", "")))
        return answer

    def _unasked(self) -> Fault:
        if self._link is None:
            return Fault("lost", "the runner is not connected")
        try:
            self._link.receive_line(0.05)
        except Closed:
            return Fault("lost", "the runner went away between calls")
        except (Late, Malformed):
            pass
        return Fault("failed:bad-output", "the runner spoke without being asked")


def listen(folder: Path, name: str, mode: int) -> socket.socket:
    """A listening Unix socket in a folder. Its address goes through a handle: paths may be longer than 107 bytes.

    It gets its name when it listens already: whoever finds it there can connect.
    """
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(f"/proc/self/fd/{handle}/.{name}")
    finally:
        os.close(handle)
    (folder / f".{name}").chmod(mode)
    listener.listen(8)
    (folder / f".{name}").rename(folder / name)
    return listener


def _places(draw: Draw, in_offsets: list[int], out_offsets: list[int]) -> dict[str, Any]:
    """The call as the guest sees it: offsets and scalars in the order of the arguments, and the outputs' shapes."""
    ins, outs = iter(in_offsets), iter(out_offsets)
    arguments: list[dict[str, Any]] = []
    for value in draw.arguments:
        if isinstance(value, np.ndarray):
            arguments.append({"in": next(ins), "kind": value.dtype.char, "shape": list(value.shape)})
        elif value == OUT and isinstance(value, str):
            arguments.append({"out": next(outs)})
        else:
            arguments.append({"value": value})
    outputs = [
        {"at": offset, "kind": kind.char, "shape": list(shape)}
        for offset, (shape, kind) in zip(out_offsets, draw.shapes, strict=True)
    ]
    return {"arguments": arguments, "outputs": outputs}
