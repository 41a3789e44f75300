"""What a probe is, and what it has to know of its target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Probe:
    """A tree that cheats, as files over the seed's."""

    name: str
    does: str
    """What it does, in a few words that follow its name."""
    files: Mapping[str, str]
    lazy: bool = False
    """Its answers may be right by luck (it replays older ones): then it must gain nothing. Others must fail."""
    forges: bool = False
    """It forges the evaluator's own report, which only a judge that shares no process with it can withstand."""


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


class NoProbes(Exception):
    """No cheats can be made for this target; the message says why and what to do."""
