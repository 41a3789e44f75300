"""What a probe is, and what it has to know of its target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernels.probes.remedies import remedy

REPLAY = "ratchet-replayed"
"""What a probe says when it gives an older answer: whether it did cannot be seen from outside, but by noisy clocks."""


@dataclass(frozen=True)
class Probe:
    """A tree that cheats, as files over the seed's."""

    name: str
    does: str
    """What it does, in a few words that follow its name."""
    files: Mapping[str, str]
    lazy: bool = False
    """Its answers may be right (it replays older ones, or does nothing wrong but aside): then it must gain nothing.
    Others must fail."""
    replays: bool = False
    """It says REPLAY on standard error whenever it gives an older answer."""
    forges: bool = False
    """It forges the evaluator's own report, which only a judge that shares no process with it can withstand."""

    @property
    def advice(self) -> bool:
        """Whether taking it for right may be what the author means."""
        return self.name == "low-precision"

    @property
    def remedy(self) -> str:
        """What the target's author does when it gets through."""
        return remedy(self.name)


@dataclass(frozen=True)
class Signature:
    """A call as the judge makes it: see `describe` of the judge's session."""

    arguments: tuple[str, ...]
    """In the order of the call: `in:<dtype character>`, `out`, `int` or `float`."""
    outputs: tuple[str, ...]
    """The outputs' dtype characters."""

    @classmethod
    def parse(cls, told: Mapping[str, Any]) -> Signature:
        """From the judge's answer."""
        return cls(tuple(map(str, told["arguments"])), tuple(map(str, told["outputs"])))

    @property
    def floats(self) -> bool:
        """Whether any output holds floating-point numbers."""
        return any(kind in "efd" for kind in self.outputs)


class NoProbes(Exception):
    """No cheats can be made for this target as it is; the message says why and what to do."""
