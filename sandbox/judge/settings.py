"""What a session needs to know about its target, as the host sends it in `open`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Rules:
    """Fixed facts of a target."""

    evaluator: str
    """Path below the target's folder."""
    metric_kind: str
    """`time` or `score`."""
    language: str
    """`c`, `python` or `device`: numbers in memory. `json` or `program`: text, see guest/."""
    build: list[str]
    """Command of the build; `{out}` stands for the output folder. Empty: nothing to build."""
    build_seconds: float
    file: str
    """The built library (below the output folder) or the Python file (below the candidate's tree)."""
    symbol: str
    """The function to call; unused where each request names it."""
    call_seconds: float
    """Deadline of one call."""
    gflops: float
    """Roofline: what no machine in question exceeds."""
    gbytes: float
    resolution_seconds: float
    """A call faster than this cannot be timed from outside."""

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Rules:
        """From the message; unknown fields are ignored, missing ones raise KeyError."""
        return cls(**{field.name: data[field.name] for field in fields(cls)})
