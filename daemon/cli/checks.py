"""What `ratchet doctor` looks at: one function a check, each with the remedy for what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from daemon.settings import Settings

Grade = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    check: str
    grade: Grade
    found: str
    remedy: str = ""


CheckFunction = Callable[["Settings"], Iterable[Finding]]


def every_check() -> list[CheckFunction]:
    """All checks, in the order of the report."""
    from daemon.cli import checks_engine, checks_service, checks_state

    return [
        checks_engine.docker,
        checks_engine.exposure,
        checks_service.opa,
        checks_service.policies,
        checks_service.temporal,
        checks_service.ports,
        checks_state.kill_switch,
        checks_state.disk,
        checks_state.audit,
        checks_state.checkpoints,
        checks_state.packages,
    ]


def machine_checks() -> list[CheckFunction]:
    """Those that say something before anything of ours runs."""
    from daemon.cli import checks_engine, checks_state

    return [checks_engine.docker, checks_engine.exposure, checks_state.disk]


def examine(of: Settings, checks: Iterable[CheckFunction] | None = None) -> list[Finding]:
    """Run every check, or those given; one that breaks is a finding, not the end of the report."""
    findings: list[Finding] = []
    for check in every_check() if checks is None else checks:
        try:
            findings += check(of)
        except Exception as error:
            findings.append(Finding(check.__name__, "fail", f"{type(error).__name__}: {error}"[:300]))
    return findings
