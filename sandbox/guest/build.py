"""Runs the target's fixed build command on the candidate's tree."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from .failure import LOG_LIMIT, Failure


def build(argv: list[str], seconds: float, candidate: Path, work: Path) -> str:
    """Build in the candidate's (read-only) folder, outputs under `work`; returns the log.

    The log goes to a file, not a pipe: a compiler that prints without end then meets the container's limit on files.
    """
    command = [word.replace("{out}", str(work)) for word in argv]
    log_path = work / "build.log"
    with log_path.open("wb") as log:
        try:
            child = subprocess.Popen(
                command,
                cwd=candidate,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TMPDIR": str(work)},
            )
        except OSError as error:
            raise Failure("build", f"cannot run {command[0]}: {error.strerror}") from error
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired as error:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise Failure("build", f"the build took longer than {seconds:g} s", _tail(log_path)) from error
    if code != 0:
        raise Failure("build", f"the build failed with code {code}:\n{_head(log_path)}", _tail(log_path))
    return _tail(log_path)


def _head(path: Path) -> str:
    # The first complaints of a compiler are the ones that count.
    with path.open("rb") as file:
        return file.read(2000).decode("utf-8", "replace")


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - LOG_LIMIT // 2))
        return file.read().decode("utf-8", "replace")
