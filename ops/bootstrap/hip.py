"""The image with Debian's HIP compiler, by `sandbox/images/hip/build`, on the sandbox image: for HIP targets only."""

from __future__ import annotations

from ops.bootstrap import engine
from ops.bootstrap.place import CHECKOUT
from ops.bootstrap.runner import Say
from ops.bootstrap.shell import last_line, log_file, run

STEP = "hip"
SCRIPT = CHECKOUT / "sandbox/images/hip/build"
REMEDY = "a Debian mirror that answers is needed, and 500 MB for the image"


def prepare(say: Say) -> str:
    """Make the engine hold the image of this checkout's recipe; returns its name. Raises StepError."""
    run([SCRIPT], step=STEP, say=say, env={"DOCKER_HOST": engine.endpoint()}, remedy=REMEDY)
    return last_line(log_file(STEP)).removeprefix("image: ")
