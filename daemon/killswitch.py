"""The kill switch on disk: pulled, it stays pulled over restarts until a named person re-arms it by signature.

Two files. `run/killed` is the handle: that it exists is enough, whoever made it (`touch`, a monitoring script), and its
first line is taken as the reason. `keys/killed.json` is the latch, written at the first look: who, when, why, and a
fresh id that the re-arming signature is bound to. Removing the handle by hand therefore changes nothing. Whatever
cannot be read counts as pulled. Needs neither Temporal nor a policy server nor Docker.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from daemon import approvals
from daemon.instance import instance_of
from daemon.records.canonical import canonical
from daemon.records.files import make_private, sync_directory, write_durably
from workflows.ports import RefusedError

HANDLE = Path("run", "killed")
LATCH = Path("keys", "killed.json")
SIGNERS = Path("keys", "allowed_signers")
MOST_TEXT = 500
"""Characters kept of a reason or a name."""


class Killed(NamedTuple):
    """Why everything stands still."""

    id: str
    """Fresh for each kill; what a re-arming signature is bound to."""
    at: float
    """Unix seconds."""
    by: str
    how: str
    """`command`, `file` or `signal`."""
    reason: str
    recorded: bool = False
    """The kill is in the audit log."""

    def sentence(self) -> str:
        """For people, with the way back."""
        when = datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        why = f": {self.reason}" if self.reason else ""
        return (
            f"killed by {self.by} at {when} ({self.how}){why}. It stays stopped until a person listed in "
            f"{SIGNERS} of the state folder re-arms it: ratchet rearm --by NAME --key SSH_KEY"
        )


class KillSwitch:
    """The switch of one state folder. Thread- and process-safe; holds no state of its own."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._handle, self._latch = home / HANDLE, home / LATCH

    def pulled(self) -> bool:
        """Whether everything has to stand still. Two look-ups of a name; never raises."""
        return _there(self._latch) or _there(self._handle)

    def killed(self) -> Killed | None:
        """Who pulled it; None when nobody did. Latches a handle that was put there by hand. Never raises."""
        if not self.pulled():
            return None
        try:
            return _read(self._latch)
        except FileNotFoundError:
            by, reason = _owner(self._handle)
            return self._latch_now(Killed(secrets.token_hex(16), time.time(), by, "file", reason))
        except OSError as error:
            # Perhaps another user's: it is not ours to replace.
            return Killed("", time.time(), "unknown", "file", f"{LATCH} cannot be read: {error.strerror}")
        except (ValueError, OverflowError, TypeError):
            unknown = Killed(secrets.token_hex(16), time.time(), "unknown", "file", "the latch was damaged")
            return self._latch_now(unknown, replace=True)

    def pull(self, *, by: str, how: str, reason: str = "") -> Killed:
        """Pull it, durably; the first kill stands. Raises OSError when neither file can be written."""
        wanted = Killed(secrets.token_hex(16), time.time(), by[:MOST_TEXT], how, reason[:MOST_TEXT])
        try:
            make_private(self._handle.parent)
            self._handle.touch(mode=0o600)
            sync_directory(self._handle.parent)
        except OSError:
            self._write(wanted)  # one of the two has to hold
        latched = self._latch_now(wanted)
        # Somebody may have re-armed between the two writes: this kill came after, so it stands.
        return latched if self.pulled() else self.pull(by=by, how=how, reason=reason)

    def mark_recorded(self, killed: Killed) -> None:
        """Note that the kill is in the audit log. Raises OSError."""
        if _there(self._latch):
            self._write(killed._replace(recorded=True), replace=True)

    def statement(self, killed: Killed) -> str:
        """What a person signs to re-arm: this kill of this daemon and no other."""
        fields = {
            "action": "rearm",
            "at": int(killed.at),
            "by": killed.by,
            "format": "ratchet-rearm/1",
            "instance": instance_of(self._home),
            "kill": killed.id,
        }
        return canonical(fields).decode()

    def check(self, killed: Killed, *, by: str, signature: str) -> None:
        """Raises RefusedError unless `signature` over the statement is by `by`, an allowed signer."""
        if not killed.id:
            raise RefusedError("REARM", f"not re-armed: {killed.reason}; let the daemon's user read it, then try again")
        checked = approvals.check(self.statement(killed), by, signature, self._home / SIGNERS)
        if not checked.verified:
            raise RefusedError("REARM", f"not re-armed: {checked.problem}")

    def release(self, killed: Killed) -> None:
        """Let go, after `check` and after the record. Raises RefusedError when it was pulled anew since, OSError."""
        now = self.killed()
        if now is not None and now.id != killed.id:
            raise RefusedError("REARM", f"not re-armed: it was pulled again meanwhile; {now.sentence()}")
        # The latch goes last: a crash in between leaves it pulled.
        self._handle.unlink(missing_ok=True)
        self._latch.unlink(missing_ok=True)
        sync_directory(self._latch.parent)

    def _latch_now(self, killed: Killed, *, replace: bool = False) -> Killed:
        """Write the latch unless there is one; returns what is latched. Unwritable, it is pulled all the same."""
        try:
            self._write(killed, replace=replace)
            return _read(self._latch)
        except (OSError, ValueError, OverflowError, TypeError):
            return killed

    def _write(self, killed: Killed, *, replace: bool = False) -> None:
        make_private(self._latch.parent)
        data = json.dumps(killed._asdict()).encode() + b"\n"
        if replace:
            write_durably(self._latch, data)
            return
        fresh = self._latch.with_name(f".killed.{os.getpid()}.{secrets.token_hex(4)}")
        write_durably(fresh, data)
        try:
            os.link(fresh, self._latch)  # fails when another was faster: the first kill stands
            sync_directory(self._latch.parent)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()


def _there(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _read(latch: Path) -> Killed:
    found = json.loads(latch.read_bytes())
    killed = Killed(**found)
    texts = (killed.id, killed.by, killed.how, killed.reason)
    if not (killed.id and all(isinstance(text, str) for text in texts) and isinstance(killed.recorded, bool)):
        raise ValueError("not a latch")
    datetime.fromtimestamp(killed.at, UTC)
    return killed


def _owner(handle: Path) -> tuple[str, str]:
    """Who put the handle there by hand, and the first line that they left in it."""
    try:
        uid = handle.lstat().st_uid
        with handle.open("rb") as file:
            line = file.read(MOST_TEXT).decode("utf-8", "replace").strip().partition("\n")[0]
    except OSError:
        return "unknown", ""
    try:
        return pwd.getpwuid(uid).pw_name, line
    except KeyError:
        return f"uid {uid}", line
