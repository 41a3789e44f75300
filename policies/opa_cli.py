"""The `opa` program: where it is, and running one of its commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

VERSION = "1.22.0"
"""The release that the bundle is written for and tested with."""


class OpaMissingError(Exception):
    """No usable `opa` program; the message says how to get one."""


class OpaFailedError(Exception):
    """A command of `opa` did not end by itself in time, or could not be started."""


def find_opa(*, configured: str = "", state: Path | None = None) -> Path:
    """The program to use: `configured` or $RATCHET_OPA_BIN, then `<state>/bin/opa`, then PATH, then `~/go/bin/opa`.

    `state` defaults to $RATCHET_STATE. What is configured has to work: there is no falling back from it. Raises
    OpaMissingError.
    """
    asked = configured or os.environ.get("RATCHET_OPA_BIN", "")
    if asked:
        if _usable(Path(asked)):
            return Path(asked).resolve()
        raise OpaMissingError(f"opa: {asked} (RATCHET_OPA_BIN) is not an executable file; correct or unset it")
    for place in _places(state):
        if _usable(place):
            return place.resolve()
    raise OpaMissingError(
        "opa: the policy server is not installed. Run `make setup`, or "
        f"`go install github.com/open-policy-agent/opa@v{VERSION}`, or set RATCHET_OPA_BIN to the program"
    )


def _places(state: Path | None) -> Iterator[Path]:
    if state is None and os.environ.get("RATCHET_STATE"):
        state = Path(os.environ["RATCHET_STATE"])
    if state is not None:
        yield state / "bin" / "opa"
    if found := shutil.which("opa"):
        yield Path(found)
    yield Path.home() / "go" / "bin" / "opa"


def _usable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def run_opa(
    opa: Path, arguments: Sequence[str], *, stdin: bytes = b"", seconds: float = 60.0
) -> subprocess.CompletedProcess[bytes]:
    """Run `opa <arguments>` with a bare environment. A non-zero status is the caller's to read.

    Raises OpaFailedError.
    """
    try:
        return subprocess.run(
            [str(opa), *arguments],
            input=stdin,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        )
    except subprocess.TimeoutExpired as error:
        raise OpaFailedError(f"opa {arguments[0]}: no answer within {seconds:g} s") from error
    except OSError as error:
        raise OpaFailedError(f"opa {arguments[0]}: {error}") from error
