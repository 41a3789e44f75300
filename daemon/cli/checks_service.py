"""Checks of OPA, the policies in force, Temporal and the ports."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from daemon.cli import reach, scrape
from daemon.cli.checks import Finding

if TYPE_CHECKING:
    from daemon.settings import Settings


def opa(of: Settings) -> Iterator[Finding]:
    """The policy server's program."""
    from policies.opa_cli import VERSION, OpaMissingError, find_opa, run_opa

    if of.opa_url:
        yield Finding("opa", "ok", f"yours, at {of.opa_url}: it does not follow the policies folder by itself")
        return
    try:
        program = find_opa(configured=of.opa_bin, state=of.home)
    except OpaMissingError as error:
        yield Finding("opa", "fail", str(error), "make setup")
        return
    first = run_opa(program, ["version"]).stdout.decode(errors="replace").split("\n", 1)[0]
    if VERSION in first:
        yield Finding("opa", "ok", f"{VERSION} at {program}")
    else:
        yield Finding("opa", "warn", f"{first!r} at {program}", f"the bundle is tested with {VERSION}: make setup")


def policies(of: Settings) -> Iterator[Finding]:
    """The bundle: readable, in force, not refused."""
    from daemon.cli.policy import in_force
    from workflows.ports import InfrastructureError

    try:
        found = in_force(of)
    except InfrastructureError:
        yield Finding("policies", "warn", "no daemon to ask which bundle is in force", "ratchet up")
        return
    if found["rejected"]:
        told = f"the edited folder was rejected; {found['active'][:16]} stays in force"
        yield Finding("policies", "fail", told, found["remedy"])
    elif not found["same"] and not of.opa_url:
        yield Finding("policies", "warn", "the folder is newer than what is in force", "wait some seconds, look again")
    else:
        yield Finding("policies", "ok", f"revision {found['active'][:16]} is in force")


def temporal(of: Settings) -> Iterator[Finding]:
    """The durable part."""
    import asyncio

    from workflows.ports import InfrastructureError

    async def ask() -> str:
        client = await reach.connect()
        return f"{client.service_client.config.target_host}, namespace {client.namespace}"

    try:
        yield Finding("temporal", "ok", asyncio.run(ask()))
    except InfrastructureError as error:
        running = bool(reach.endpoints(of)) or bool(of.temporal_address)
        yield Finding("temporal", "fail" if running else "warn", str(error), "ratchet up")


def ports(of: Settings) -> Iterator[Finding]:
    """When no daemon runs: could one listen where it wants to?"""
    if reach.endpoints(of):
        yield Finding("ports", "ok", "in use by the running daemon")
        return
    wanted = {"RATCHET_METRICS_PORT": of.metrics_port, "RATCHET_SDK_METRICS_PORT": of.sdk_metrics_port}
    if not of.temporal_address:
        wanted |= {"RATCHET_TEMPORAL_PORT": of.temporal_port, "RATCHET_TEMPORAL_UI_PORT": of.temporal_ui_port}
    taken = [name for name, port in wanted.items() if port > 0 and _answers(port)]
    if taken:
        remedy = "stop what listens there, or set another port (0 picks one)"
        yield Finding("ports", "fail", f"occupied: {', '.join(f'{name} {wanted[name]}' for name in taken)}", remedy)
    else:
        yield Finding("ports", "ok", "free")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def daemon_metrics(of: Settings) -> dict[str, dict[scrape.Labels, float]]:
    """The running daemon's metrics; empty when none answers."""
    from workflows.ports import InfrastructureError

    try:
        return scrape.metrics(reach.endpoints(of))
    except InfrastructureError:
        return {}
