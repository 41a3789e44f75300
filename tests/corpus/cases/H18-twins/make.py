"""One bundle for each name."""

from typing import Any

PATHS = [
    "Sweep.c",
    "MEAN.h",
    "checks/Contract.h",
    "Checks/a.h",
    "a.h.",
    "a.h ",
    " a.h",
    "a" * 300,
    "a/" * 30 + "a.h",
    "a\0.h",
    "nul",
    "con.h",
    "aux.c",
    "",
]


def bundles() -> list[dict[str, Any]]:
    return [{"files": {path: {"text": "int x;"}}} for path in PATHS] + [
        {"files": {"Tool.h": {"text": "1"}, "tool.h": {"text": "2"}}},
        {"files": {"dir": {"text": "1"}, "dir/a.h": {"text": "2"}}},
        {"files": {"sweep.c/a.h": {"text": "2"}}},
    ]
