"""What is known about the policy in force, and who wants to be told of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from daemon.gate import Endpoint
from policies.bundle import Source

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PolicyStatus:
    """What `doctor`, metrics and people want to know about the policy in force."""

    mode: str
    """`embedded` or `external`."""
    url: str
    revision: str
    since: float
    """Unix seconds: when this revision became active."""
    reloads: int = 0
    rejected: int = 0
    """Edits that were not fit."""
    problem: str = ""
    """Why the newest edit is not in force; empty when it is."""
    problem_since: float = 0.0


Refusal = Callable[[str, Endpoint | None], str]
"""Why a revision may not rule, asked before it does; empty when it may. Gets where the one in force is served."""


def any_revision(revision: str, active: Endpoint | None) -> str:
    """Lets every revision rule."""
    return ""


def ignore(_: object) -> None:
    """A listener that does not care."""


@dataclass(frozen=True)
class Listeners:
    """Told by the following thread, for metrics and the audit log. What they raise is logged and goes no further."""

    reloaded: Callable[[str], None] = ignore
    """Gets the revision that became active, the first one included."""
    rejected: Callable[[str], None] = ignore
    """Gets what is wrong with the newest edit."""
    restored: Callable[[str], None] = ignore
    """Gets the revision in force, when a rejected edit was taken back."""
    staged: Callable[[Source], None] = ignore
    """Gets a fit bundle before it comes into force; it waits for the end of the call. Embedded servers only."""


def tell(listener: Callable[[T], None], message: T) -> None:
    """Call a listener; never raises."""
    try:
        listener(message)
    except Exception:
        log.exception("policy listener")
