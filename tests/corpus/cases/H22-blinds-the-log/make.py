"""The trace is protected by the target, in whichever way it is touched."""

from typing import Any


def bundles() -> list[dict[str, Any]]:
    return [
        {"files": {"trace.h": {"text": "#define TRACE(word)\n"}}},
        {"deleted": ["trace.h"]},
        {"files": {"trace.h": {"text": "#define TRACE(word)\n"}, "sweep.c": {"text": "int x;\n"}}},
    ]
