"""The Python environment `.venv`, from a hash-locked file, with uv when it can be had and pip when it cannot.

A marker file stands in the environment from its first file until its last; the next set-up starts over when it finds
one. The stamp that ends the work holds the lock's hash.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from ops.bootstrap.place import CHECKOUT, fingerprint, locked, read_stamp, write_atomically
from ops.bootstrap.runner import Say, StepError
from ops.bootstrap.shell import apt_install, output, run

STEP = "python"
TOOL_LOCK = Path(__file__).with_name("uv.lock.txt")


def prepare(say: Say, *, lock: Path, venv: Path = CHECKOUT / ".venv") -> str:
    """Make `venv` hold exactly-versioned packages from `lock` and this checkout. Raises StepError."""
    key = fingerprint([lock, TOOL_LOCK, CHECKOUT / "pyproject.toml"], sys.version, str(venv))
    stamp = venv / ".ratchet-stamp"
    if read_stamp(stamp) == key:
        return "already there"
    with locked(CHECKOUT / ".ratchet/locks/python"):
        if read_stamp(stamp) == key:
            return "made by another set-up"
        marker = venv / ".ratchet-unfinished"
        if marker.exists() or not _works(venv):
            shutil.rmtree(venv, ignore_errors=True)
            _create(venv, say)
        marker.touch()
        stamp.unlink(missing_ok=True)
        if not output([venv / "bin/python", "-c", "import pip; print(1)"]):
            run([venv / "bin/python", "-m", "ensurepip"], step=STEP, say=say)
        how = _install(venv, lock, say)
        say("installing this checkout")
        editable = ["--no-deps", "--no-build-isolation", "-e", str(CHECKOUT)]
        run([venv / "bin/python", "-m", "pip", "install", "-q", *editable], step=STEP, say=say)
        marker.unlink()
        write_atomically(stamp, key + "\n")
    return f"{lock.name} by {how}"


def _works(venv: Path) -> bool:
    return output([venv / "bin/python", "-c", "import sys; print(sys.version)"]).strip() == sys.version.strip()


def _create(venv: Path, say: Say) -> None:
    if not output([sys.executable, "-c", "import ensurepip, venv; print(1)"]):
        apt_install(["python3-venv"], step=STEP, say=say)
    say(f"creating {venv.name}")
    venv.mkdir(parents=True)
    (venv / ".ratchet-unfinished").touch()
    run([sys.executable, "-m", "venv", venv], step=STEP, say=say, remedy="apt-get install python3-venv")


def _install(venv: Path, lock: Path, say: Say) -> str:
    python = venv / "bin/python"
    network = "a package index that answers is needed; set PIP_INDEX_URL if yours is not the usual one"
    pip: list[str | Path] = [python, "-m", "pip", "install", "-q", "--no-input", "--only-binary", ":all:"]
    uv = shutil.which("uv")
    try:
        if uv is None:
            say("fetching the installer (uv)")
            run([*pip, "--require-hashes", "-r", TOOL_LOCK], step=STEP, say=say, remedy=network)
            uv = str(venv / "bin/uv")
        say(f"installing {lock.name}")
        run(
            [uv, "pip", "install", "--python", python, "--require-hashes", "--only-binary", ":all:", "-r", lock],
            step=STEP,
            say=say,
            env=_uv_settings(),
            remedy=network,
        )
        return "uv"
    except StepError as error:
        say(f"uv did not do ({error}); pip goes on, slower")
        run([*pip, "--require-hashes", "-r", lock], step=STEP, say=say, remedy=network)
        return "pip"


def _uv_settings() -> dict[str, str]:
    """uv does not read pip's settings; hand over those that decide where packages come from."""
    settings = {"UV_NO_PROGRESS": "1", "UV_LINK_MODE": "copy"}
    for theirs, ours in (
        ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
        ("PIP_EXTRA_INDEX_URL", "UV_INDEX"),
        ("PIP_CERT", "SSL_CERT_FILE"),
        ("PIP_DEFAULT_TIMEOUT", "UV_HTTP_TIMEOUT"),
    ):
        if os.environ.get(theirs) and not os.environ.get(ours):
            settings[ours] = os.environ[theirs]
    return settings
