"""The two ways a call goes wrong: we refuse it, or the provider fails it."""

from __future__ import annotations

import json
from typing import Literal

FaultKind = Literal[
    "rate-limited", "timeout", "conflict", "overloaded", "connection", "key", "not-found", "request", "unknown"
]

RETRYABLE: frozenset[FaultKind] = frozenset({"rate-limited", "timeout", "conflict", "overloaded", "connection"})


class Refusal(Exception):
    """A final no to the candidate. The text is ours, so that it may be shown to it."""

    def __init__(self, status: int, rule: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.rule = rule

    def body(self) -> bytes:
        """The refusal in OpenAI's error shape."""
        return error_body(self.rule, str(self), self.status)


class ProviderFault(Exception):
    """A provider did not answer. The text is the provider's: for the audit log, never for the candidate."""

    def __init__(self, kind: FaultKind, message: str, *, billed: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind: FaultKind = kind
        self.billed = billed
        """Whether the provider may have charged for it: then it counts at its reserved maximum."""
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.kind in RETRYABLE


def classify(status: int | None) -> FaultKind:
    """Fault kind for an HTTP status; None means that no status came back."""
    if status is None:
        return "connection"
    by_status: dict[int, FaultKind] = {
        400: "request",
        401: "key",
        403: "key",
        404: "not-found",
        408: "timeout",
        409: "conflict",
        422: "request",
        429: "rate-limited",
    }
    if status in by_status:
        return by_status[status]
    return "overloaded" if status >= 500 else "unknown"


def error_body(rule: str, message: str, status: int) -> bytes:
    """OpenAI's error shape, as JSON bytes."""
    kind = "invalid_request_error" if status < 429 else "insufficient_quota" if status == 429 else "server_error"
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": rule}}).encode()
