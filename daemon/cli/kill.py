"""`ratchet kill` and `ratchet rearm`: stop everything now, and let it start again. Needs no Temporal and no OPA."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import output, reach
from daemon.cli.errors import BadInput
from daemon.cli.output import JsonFlag
from daemon.cli.owner import as_owner, user
from daemon.cli.signing import signed_or_given

if TYPE_CHECKING:
    from daemon.killswitch import Killed, KillSwitch
    from daemon.records.audit import AuditLog

WIND_DOWN_SECONDS = 7.0
"""How long a running daemon may take to end before it is sent SIGKILL."""


def kill(
    reason: Annotated[str, typer.Option("--reason", help="Kept in the audit log, and told at the next start.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who pulls it. Default: the user running this.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Remove all containers, shut the gateway, end the daemon; nothing starts again until `ratchet rearm`.

    A file `run/killed` in the state folder, or SIGUSR1 to the daemon, does the same.
    """
    from daemon.instance import instance_of
    from daemon.killing import remove_containers
    from daemon.killswitch import KillSwitch
    from workflows.ports import InfrastructureError

    home, docker_url = _where()
    if not home.is_dir():
        raise BadInput(f"there is no state folder {home}; set RATCHET_STATE")
    began = time.monotonic()
    switch = KillSwitch(home)
    with as_owner(home):
        killed = switch.pull(by=by or user(), how="command", reason=reason)
    problems, removed, ended = [], 0, ""
    try:
        removed = remove_containers(docker_url, instance_of(home))
        ended = _end_daemon(home / "run" / "daemon.lock", began + WIND_DOWN_SECONDS)
        removed += remove_containers(docker_url, instance_of(home))  # what a launch under way still brought up
    except InfrastructureError as error:
        problems.append(str(error))
        ended = ended or _end_daemon(home / "run" / "daemon.lock", began + WIND_DOWN_SECONDS)
    with as_owner(home):
        problems += _recorded(home, switch)
    found = {
        "killed": killed.id,
        "by": killed.by,
        "containers_removed": removed,
        "daemon": ended,
        "seconds": round(time.monotonic() - began, 3),
        "problems": problems,
    }
    if as_json:
        output.print_json(found)
    else:
        output.print_facts({**found, "problems": "; ".join(problems) or "none"})
        output.print_text("Re-arm with: ratchet rearm --by NAME --key SSH_KEY")
    if problems:
        raise InfrastructureError(f"the switch is pulled and stays so, but: {'; '.join(problems)}")


def rearm(
    by: Annotated[str, typer.Option("--by", help="Who re-arms: the identity in keys/allowed_signers.")] = "",
    key: Annotated[Path | None, typer.Option(help="Private SSH key (or the public one, with an agent).")] = None,
    signature: Annotated[
        Path | None, typer.Option(help="A signature made elsewhere: ssh-keygen -Y sign -n ratchet")
    ] = None,
    statement: Annotated[bool, typer.Option("--statement", help="Only print what has to be signed.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Kept in the audit log.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Let the daemon start again after a kill, by a listed person's signature. Starts nothing by itself."""
    from daemon.killswitch import KillSwitch

    home, _ = _where()
    if not home.is_dir():
        raise BadInput(f"there is no state folder {home}; set RATCHET_STATE")
    switch = KillSwitch(home)
    with as_owner(home):
        killed = switch.killed()  # may latch a file that was put there by hand
    if killed is None:
        raise BadInput(f"nothing to re-arm: the kill switch of {home} is not pulled")
    if statement:
        typer.echo(switch.statement(killed), nl=False)
        return
    if not by:
        raise BadInput("say who re-arms: --by NAME, as listed in keys/allowed_signers")
    armoured = signed_or_given(switch.statement(killed), key, signature, "re-arming")
    body = {
        "kill": killed.id,
        "killed_by": killed.by,
        "killed_at": killed.at,
        "statement": switch.statement(killed),
        "signature": armoured,
        "reason": reason,
    }
    with as_owner(home):
        switch.check(killed, by=by, signature=armoured)
        _rearm(home, switch, killed, by, body)
    found = {"rearmed": killed.id, "by": by, "killed_by": killed.by, "was": killed.reason}
    if as_json:
        output.print_json(found)
    else:
        output.print_text(f"re-armed by {by}; start the daemon with: ratchet up")


def _rearm(home: Path, switch: KillSwitch, killed: Killed, by: str, body: dict[str, Any]) -> None:
    """Both records first; what cannot be recorded does not happen."""
    from daemon.killing import record_kill

    with _audit(home) as audit:
        killed = record_kill(switch, audit, killed)
        audit.append("rearm", actor=by, body=body)
        switch.release(killed)


def _where() -> tuple[Path, str]:
    """State folder and Docker endpoint. A broken settings file must not stand in the way of a kill."""
    from daemon.settings import CHECKOUT, BadSettings
    from sandbox.docker_backend import DEFAULT_ENDPOINT

    try:
        here = reach.settings()
    except BadSettings:
        home = Path(os.environ.get("RATCHET_STATE") or CHECKOUT / ".ratchet")
        return home.resolve(), os.environ.get("RATCHET_DOCKER_URL") or DEFAULT_ENDPOINT
    return here.home, here.docker_url


def _end_daemon(lock: Path, deadline: float) -> str:
    """Wait for the daemon to end by itself, else end it: a daemon that hangs must not come back to life later."""
    pid = _holder(lock)
    if pid is None:
        return "was not running"
    while time.monotonic() < deadline:
        if _holder(lock) is None:
            return f"ended (pid {pid})"
        time.sleep(0.1)
    if (pid := _holder(lock)) is None:
        return "ended"
    os.kill(pid, signal.SIGKILL)
    while _holder(lock) == pid and time.monotonic() < deadline + 2:
        time.sleep(0.05)
    return f"did not end by itself and was sent SIGKILL (pid {pid})"


def _holder(lock: Path) -> int | None:
    """The process that holds the daemon's lock, from the kernel; None when nobody does."""
    try:
        inode = lock.stat().st_ino
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        words = line.split()
        if words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode) and int(words[4]) > 0:
            return int(words[4])
    return None


def _audit(home: Path) -> AuditLog:
    from daemon.records.audit import AuditLog, AuditUnavailable
    from daemon.records.keys import BadKey, ensure_signing_key

    key = home / "keys" / "audit.pem"
    try:
        ensure_signing_key(key)
    except BadKey as error:
        raise AuditUnavailable(f"audit: {error}") from error
    return AuditLog(home / "audit", key)


def _recorded(home: Path, switch: KillSwitch) -> list[str]:
    """Make sure that the kill is in the audit log; the daemon may have seen to it. What is wrong, if anything."""
    from daemon.killing import record_kill

    killed: Killed | None = switch.killed()
    if killed is None or killed.recorded:
        return []
    try:
        with _audit(home) as audit:
            record_kill(switch, audit, killed)
    except Exception as error:  # nothing about the record may stand in the way of the kill
        return [f"the kill is not in the audit log yet ({error}); re-arming will put it there"]
    return []
