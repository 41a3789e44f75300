"""promtool, for `make check` only: taken out of Debian's package without installing it, so no service starts."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ops.bootstrap.place import locked, state
from ops.bootstrap.runner import Say, StepError
from ops.bootstrap.shell import apt_install, output, run

STEP = "promtool"
REMEDY = "put promtool on PATH, or: apt-get install prometheus"


def prepare(say: Say) -> str:
    """Find promtool, or unpack it into the state directory. Raises StepError."""
    ours = state() / "bin/promtool"
    for found in (shutil.which("promtool"), str(ours)):
        if found and output([found, "--version"]):
            return f"{found}"
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise StepError("promtool is not here, and this is not Debian", REMEDY)
    with locked(state() / "locks/promtool"), tempfile.TemporaryDirectory(prefix="promtool-") as folder:
        # The package user of apt must be able to write here, else apt warns and downloads as root.
        Path(folder).chmod(0o755)
        say("fetching Debian's prometheus package")
        _download(Path(folder), say)
        (package,) = Path(folder).glob("prometheus_*.deb")
        run(["dpkg-deb", "-x", package, folder], step=STEP, say=say, remedy=REMEDY)
        ours.parent.mkdir(parents=True, exist_ok=True)
        half = ours.with_name(".promtool.part")
        shutil.copyfile(Path(folder) / "usr/bin/promtool", half)
        half.chmod(0o755)
        if not output([half, "--version"]):
            raise StepError("promtool from Debian's package does not run", REMEDY)
        half.replace(ours)
    return f"{ours}"


def _download(folder: Path, say: Say) -> None:
    command = ["apt-get", "download", "-q", "prometheus"]
    try:
        run(command, step=STEP, say=say, cwd=folder, remedy=REMEDY)
    except StepError:
        apt_install(["ca-certificates"], step=STEP, say=say)
        run(command, step=STEP, say=say, cwd=folder, remedy=REMEDY)
