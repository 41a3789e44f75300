"""The sandbox image, built by `sandbox/images/build` when it, or what it is made of, has changed."""

from __future__ import annotations

import http.client
import json

from ops.bootstrap import engine
from ops.bootstrap.place import CHECKOUT, fingerprint, locked, machine_lock, read_stamp, state, write_atomically
from ops.bootstrap.runner import Say, StepError
from ops.bootstrap.shell import run

STEP = "image"
NAME = "ratchet-sandbox:dev"
FOLDER = CHECKOUT / "sandbox/images"


def prepare(say: Say) -> str:
    """Make the engine hold an image built from this checkout's recipe. Raises StepError."""
    script = FOLDER / "build"
    if not script.is_file():
        raise StepError(f"{script} is missing", "this checkout is not whole: git status")
    stamp = state() / "stamps/image"
    key = fingerprint([FOLDER])
    if _up_to_date(read_stamp(stamp), key):
        return "already there"
    with locked(machine_lock().with_name("ratchet-setup-image.lock")):
        if _up_to_date(read_stamp(stamp), key):
            return "made by another set-up"
        say("building the sandbox image")
        remedy = "a Debian mirror, or a registry, that answers is needed"
        run([script], step=STEP, say=say, env={"DOCKER_HOST": engine.endpoint()}, remedy=remedy)
        made = image_id()
        if not made:
            raise StepError(f"the build left no image {NAME}", "see the log")
        write_atomically(stamp, f"{key} {made}\n")
    return f"built {made[7:19]}"


def image_id() -> str:
    """Id of the image, or nothing."""
    try:
        status, body = engine.request(engine.endpoint(), "GET", f"/images/{NAME}/json")
        return str(json.loads(body)["Id"]) if status == http.client.OK else ""
    except (OSError, ValueError, KeyError, http.client.HTTPException):
        return ""


def _up_to_date(stamp: str, key: str) -> bool:
    return bool(stamp) and stamp.split() == [key, image_id()]
