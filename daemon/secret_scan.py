"""Finds what looks like a key or a password in added lines. Simple on purpose: it stops accidents, not an enemy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MAX_FOUND = 50
"""Enough for a person to see; more adds nothing."""

KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("private key", r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"),
        ("AWS key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
        ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
        ("GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
        ("Slack token", r"\bxox[abposr]-[A-Za-z0-9-]{10,}"),
        ("model provider key", r"\bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,}"),
        ("Google key", r"\bAIza[0-9A-Za-z_-]{35,}"),
        ("Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}"),
        ("JSON web token", r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+)?"),
        ("password in a URL", r"[a-z][a-z0-9+.-]{0,20}://[^\s/:@]{1,100}:[^\s/:@]{3,100}@"),
        (
            "assigned secret",
            r"(?i)(?:api_?key|secret|token|passwd|password|credential)[\"']?\s{0,5}[:=]\s{0,5}"
            r"[\"'](?=[^\"']{0,200}[0-9])[A-Za-z0-9+/_=.-]{16,200}[\"']",
        ),
    )
)
"""Kind → what it looks like, within one line."""


def find_secrets(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """(line number, kind) of lines that look like a secret; at most one kind a line. Takes (number, text) pairs."""
    found = 0
    for number, text in lines:
        for kind, pattern in KINDS:
            if pattern.search(text):
                yield number, kind
                found += 1
                break
        if found >= MAX_FOUND:
            return
