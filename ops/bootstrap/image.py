"""The sandbox image, by `sandbox/images/build`, which does nothing when the engine has the image of this recipe."""

from __future__ import annotations

import shutil

from ops.bootstrap import engine
from ops.bootstrap.place import CHECKOUT
from ops.bootstrap.runner import Say, StepError
from ops.bootstrap.shell import apt_install, last_line, log_file, run

STEP = "image"
SCRIPT = CHECKOUT / "sandbox/images/build"
REMEDY = "a registry, or a Debian mirror (DEBIAN_MIRROR), that answers is needed"


def prepare(say: Say) -> str:
    """Make the engine hold the image of this checkout's recipe. Raises StepError."""
    if not SCRIPT.is_file():
        raise StepError(f"{SCRIPT} is missing", "this checkout is not whole: git status")
    if shutil.which("docker") is None:
        apt_install(["docker-cli"], step=STEP, say=say)
    try:
        _build(say)
    except StepError:
        if shutil.which("debootstrap", path="/usr/sbin:/sbin:/usr/bin:/bin") is not None:
            raise
        apt_install(["debootstrap"], step=STEP, say=say)
        _build(say)
    return last_line(log_file(STEP)).removeprefix("image: ")


def _build(say: Say) -> None:
    run([SCRIPT], step=STEP, say=say, env={"DOCKER_HOST": engine.endpoint()}, remedy=REMEDY)
