"""Globs as in `[tree]`: `*` and `?` within a folder, `**` across."""

from __future__ import annotations

import re
from collections.abc import Iterable


def matches(path: str, pattern: str) -> bool:
    """Whether a relative path is one of the pattern's."""
    known = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = [known.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*|\?)", pattern)]
    return re.fullmatch("".join(parts), path) is not None


def within(path: str, patterns: Iterable[str]) -> bool:
    """Whether any of the patterns matches."""
    return any(matches(path, pattern) for pattern in patterns)
