"""Runs programs for set-up: output into a log file, a sign of life while they take long, apt one at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.bootstrap.place import state
from ops.bootstrap.runner import Say, StepError

SIGN_OF_LIFE = 10.0
"""Seconds between progress lines of one program."""
_apt = threading.Lock()


def log_file(step: str) -> Path:
    """Where the programs of one step write."""
    folder = state() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"setup-{step}.log"


def run(
    argv: Sequence[str | Path],
    *,
    step: str,
    say: Say,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    remedy: str = "see the log",
) -> None:
    """Run to the end; raises StepError with the log's last lines when the program fails."""
    log = log_file(step)
    started = told = time.monotonic()
    heard = ""
    words = [str(word) for word in argv]
    with log.open("ab") as out:
        out.write(f"$ {' '.join(words)}\n".encode())
        out.flush()
        try:
            child = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **(env or {})}, cwd=cwd
            )
        except OSError as error:
            raise StepError(f"cannot run {words[0]}: {error.strerror}", remedy) from error
        while True:
            try:
                code = child.wait(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() - told >= SIGN_OF_LIFE:
                    told = time.monotonic()
                    line = last_line(log)
                    say(f"… {told - started:.0f} s" + (f": {line}" if line != heard else ""))
                    heard = line
    if code:
        raise StepError(f"{words[0]} ended with {code}: {last_line(log)}", f"{remedy} (log: {log})")


def last_line(log: Path) -> str:
    """The last non-empty line of a log, short enough for a progress line."""
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 4096))
        lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    text = "".join(char if char.isprintable() else " " for char in lines[-1]) if lines else ""
    return text[:100]


def output(argv: Sequence[str | Path]) -> str:
    """What a quick program prints; nothing when it cannot run or fails."""
    try:
        done = subprocess.run(
            [str(word) for word in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def apt_install(packages: Sequence[str], *, step: str, say: Say) -> None:
    """Install Debian packages; raises StepError with the remedy when that is not ours to do."""
    names = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise StepError(f"needs {names}, and this is not Debian", f"install what your system calls {names}, then again")
    if os.geteuid() != 0:
        raise StepError(f"needs {names}, and installing takes root", f"sudo apt-get install {names}, then again")
    with _apt:
        say(f"apt-get install {names}")
        command = [
            "apt-get",
            "-y",
            "-q",
            "-o",
            "DPkg::Lock::Timeout=300",
            "--no-install-recommends",
            "install",
            *packages,
        ]
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        remedy = "check the package sources in /etc/apt"
        if any(Path("/var/lib/apt/lists").glob("*_Packages*")):
            try:
                run(command, step=step, say=say, env=env, remedy=remedy)
                return
            except StepError:
                say("package lists look old, reading them again")
        run(["apt-get", "-q", "update"], step=step, say=say, env=env, remedy=remedy)
        run(command, step=step, say=say, env=env, remedy=remedy)
