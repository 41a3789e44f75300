"""Who runs a command, and as whom it acts on the state folder."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def user() -> str:
    """Who runs this command, by the kernel's word."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


@contextmanager
def as_owner(home: Path) -> Iterator[None]:
    """Root acts on the state folder as its owner, so that the daemon can read and go on writing what is left there."""
    uid, gid = _owner(home)
    if os.geteuid() != 0 or uid == 0:
        yield
        return
    # Loaded now: root's own installation may lie where the owner cannot read.
    import daemon.records.audit
    import daemon.records.keys  # noqa: F401

    "".encode("utf-16-be")
    before = os.getegid()
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(before)


def _owner(home: Path) -> tuple[int, int]:
    facts = home.stat()
    return facts.st_uid, facts.st_gid
