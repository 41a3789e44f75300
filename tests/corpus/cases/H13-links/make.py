"""Mode 120000 with every kind of aim."""

from typing import Any


def bundles() -> list[dict[str, Any]]:
    aims = ["/etc/passwd", "../../evaluator.py", "..", "/proc/self/environ", "sweep.c"]
    return [{"files": {"link.h": {"mode": "120000", "text": aim}}} for aim in aims]
