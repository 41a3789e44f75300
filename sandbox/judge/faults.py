"""What can go wrong in a judged arm, as one exception."""

from __future__ import annotations

FEEDBACK_LIMIT = 4096
"""Bytes of public text that a fault may carry."""


class Fault(Exception):
    """The candidate of one arm failed, was killed, or cheated.

    `verdict` is `failed:<reason>`, `killed:timeout`, `quarantined:<rule>`, or `lost`: the runner went away, and only
    the host, which sees the container, can say how (`absent`: it never came).
    """

    def __init__(self, verdict: str, feedback: str = "", log: str = "") -> None:
        super().__init__(f"{verdict}: {feedback}")
        self.verdict = verdict
        self.feedback = plain(feedback)
        self.log = log


class TargetError(Exception):
    """The target's own evaluator is wrong: the fault of neither candidate nor engine."""


def plain(text: str, limit: int = FEEDBACK_LIMIT) -> str:
    """Printable text within `limit` bytes: control characters (terminal escapes) and lone surrogates are replaced."""
    kept = "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text[:limit])
    return kept.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
