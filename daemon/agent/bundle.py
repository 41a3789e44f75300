"""The one thing that leaves the container: `/out/bundle.json`, written once, at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

OUT = "/out/bundle.json"
MOST_NOTES = 10


def proposed(
    hypothesis: str,
    files: dict[str, str],
    calls: int,
    *,
    findings: Sequence[str] = (),
    tasks: Sequence[str] = (),
) -> dict[str, object]:
    """A bundle of changed files, with what was found out and what is left to try for whoever comes next."""
    return {
        **_common(calls),
        "status": "proposed",
        "hypothesis": hypothesis[:2000],
        "files": {path: {"mode": "100644", "text": text} for path, text in files.items()},
        "findings": [text[:500] for text in findings[:MOST_NOTES]],
        "tasks": [text[:500] for text in tasks[:MOST_NOTES]],
    }


def failed(reason: str, calls: int) -> dict[str, object]:
    """An honest failure; `reason` starts with a word such as `malformed-answer`."""
    return {**_common(calls), "status": "failed", "reason": reason[:2000]}


def write(bundle: dict[str, object], out: str = OUT) -> None:
    """Write in place: the file is a bind mount of its own, so a rename cannot replace it. A torn one is no JSON."""
    data = json.dumps(bundle).encode()
    with open(out, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _common(calls: int) -> dict[str, object]:
    return {"format": 1, "reason": "", "hypothesis": "", "files": {}, "deleted": [], "usage": {"calls": calls}}
