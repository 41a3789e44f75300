"""The surface that callers see, as Protocols: the real backend and the fake both offer it."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Protocol

from sandbox.exits import Exit, KillReason
from sandbox.spec import ContainerSpec


class Running(Protocol):
    """A started container. Its deadline and its output cap are watched from the moment of its start."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str:
        """The spec's name."""

    @property
    def started_at(self) -> float:
        """Unix seconds."""

    def wait(self, seconds: float) -> Exit | None:
        """The end, or None when it still runs after `seconds`. Raises InfrastructureError when the engine lost it."""

    def kill(self, reason: KillReason = "killed") -> Exit:
        """End every process in it now. Raises InfrastructureError when the engine does not obey within 15 s."""

    def alive(self) -> bool:
        """Whether it still runs, as far as is known without asking the engine."""

    def used(self) -> float | None:
        """CPU seconds until now, read now; None when the engine cannot tell (any more)."""

    def remove(self) -> None:
        """Kill it if need be and remove it, for certain, though perhaps a moment after the return. May be repeated."""


class Backend(Protocol):
    """Starts containers. Thread-safe."""

    def image_id(self, name: str) -> str:
        """`sha256:…` of a local image. Raises InfrastructureError with the remedy when it is missing."""

    def launch(self, spec: ContainerSpec) -> Running:
        """Create, inspect, assert the profile, start.

        Raises RefusedError for a forbidden option, ProfileError when the created container misses the profile (it is
        then removed unstarted) and InfrastructureError when the engine fails or the name is in use by a live owner.
        """

    def assign(self, running: Running, spec: ContainerSpec) -> None:
        """Give a container that was launched ahead to its use; its deadline counts from here on.

        `spec` is what it was launched with, but for name, labels and a shorter lifetime; the profile is asserted again.
        Raises RefusedError for any other difference, ProfileError, and InfrastructureError when the name is in use by a
        live owner or the engine fails; the container is then removed.
        """

    def run(self, spec: ContainerSpec, *, on_started: Callable[[Running], None] | None = None) -> Exit:
        """Launch, wait for the end (at the latest the deadline), remove."""

    def reap(self, keep: Container[str]) -> list[str]:
        """Remove this instance's containers whose name is not in `keep` and that nobody here holds; their names."""
