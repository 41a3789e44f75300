"""The policy server: the one given by URL, or our own child process that follows the policies folder."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from daemon.engines.opa_embedded import EmbeddedOpa
from daemon.engines.opa_external import ExternalOpa
from daemon.engines.opa_status import Listeners, PolicyStatus, Refusal, any_revision
from daemon.gate import Endpoint
from policies.opa_cli import OpaMissingError, find_opa
from workflows.ports import InfrastructureError

__all__ = ["Listeners", "OpaEngine", "PolicyStatus", "opa_engine"]


class OpaEngine(Protocol):
    """What the daemon needs of a policy server, ours or not."""

    def start(self) -> None:
        """Bring it up. Raises InfrastructureError when there is no fit policy to serve."""

    def endpoint(self) -> Endpoint:
        """Where to ask now. Raises InfrastructureError before the start."""

    def status(self) -> PolicyStatus:
        """The policy in force. Raises InfrastructureError before the start."""

    def stop(self) -> None:
        """Stop following, and end our own processes. Idempotent."""


def opa_engine(
    policies: Path,
    state: Path,
    *,
    url: str = "",
    token: str = "",
    configured: str = "",
    listeners: Listeners | None = None,
    refusal: Refusal = any_revision,
) -> OpaEngine:
    """The engine to use: the one at `url`, else our own with the program `configured` (empty: looked for).

    `refusal` is asked before a revision comes into force.
    Starts nothing. Raises InfrastructureError with what to install or correct.
    """
    if url:
        return ExternalOpa(url, token, listeners=listeners, refusal=refusal)
    try:
        opa = find_opa(configured=configured, state=state)
    except OpaMissingError as error:
        raise InfrastructureError(str(error)) from error
    return EmbeddedOpa(policies, state, opa=opa, listeners=listeners, refusal=refusal)
