"""Images on top of the sandbox image, by `sandbox/images/layer`: only targets with a compiler for GPUs need them."""

from __future__ import annotations

import sys
from functools import partial

from ops.bootstrap import engine
from ops.bootstrap.place import CHECKOUT
from ops.bootstrap.runner import Say
from ops.bootstrap.shell import last_line, log_file, output, run

SCRIPT = CHECKOUT / "sandbox/images/layer"
REMEDIES = {
    "hip": "a Debian mirror that answers is needed, and 500 MB for the image",
    "triton": "a package index that answers is needed (PIP_INDEX_URL), and 400 MB for the image",
}


def prepare(layer: str, say: Say) -> str:
    """Make the engine hold the layer's image of this checkout; returns its name. Raises StepError."""
    venv = CHECKOUT / ".venv/bin/python"
    python = venv if output([venv, "-c", "import pip; print(1)"]) else sys.executable
    env = {"DOCKER_HOST": engine.endpoint(), "PYTHON": str(python)}
    run([SCRIPT, layer], step=layer, say=say, env=env, remedy=REMEDIES[layer])
    return last_line(log_file(layer)).removeprefix("image: ")


hip, triton = partial(prepare, "hip"), partial(prepare, "triton")
