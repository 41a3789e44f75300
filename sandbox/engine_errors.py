"""What an engine's complaint means to a person: one InfrastructureError with its remedy for each known kind. Pure."""

from __future__ import annotations

import errno

from sandbox.images.version import LAYERS, REPOSITORY
from workflows.ports import InfrastructureError

_IMAGE_REMEDY = "run `make image`"

_BY_ERRNO = {
    errno.ENOENT: "the engine does not answer at {endpoint}: start it (`systemctl start docker`) or set its address",
    errno.ECONNREFUSED: "the engine does not answer at {endpoint}: start it (`systemctl start docker`)",
    errno.EACCES: "no permission on {endpoint}: run as root or join the group that owns the socket (`docker`)",
    errno.EPERM: "no permission on {endpoint}: run as root or join the group that owns the socket (`docker`)",
}

_BY_TEXT = (
    ("no space left on device", "the disk is full: free some under the engine's data root (`docker system df`)"),
    ("disk quota exceeded", "the disk quota is used up: free some under the engine's data root"),
    ("no such image", f"the image is missing: {_IMAGE_REMEDY}"),
    ("bind source path does not exist", "a mount's source is gone: was its folder cleaned up while it was in use?"),
    ("unknown or invalid runtime name", "the engine does not know this runtime: install it or use runtime runc"),
    ("unknown runtime", "the engine does not know this runtime: install it or use runtime runc"),
    ("range of cpus is from", "the engine has fewer CPUs than asked for: lower cpus"),
    ("requested cpus are not available", "the engine has fewer CPUs than asked for: change cpuset"),
    ("decoding seccomp profile failed", "the engine is too old for our system call profile: use Docker 20.10 or newer"),
)


def missing_image(name: str) -> InfrastructureError:
    """The image is not on the engine."""
    layers = {f"{REPOSITORY}-{layer}": f"run `make image-{layer}`" for layer in LAYERS}
    remedy = layers.get(name.partition(":")[0], _IMAGE_REMEDY)
    return InfrastructureError(f"docker: image {name} missing: {remedy}")


def from_response(doing: str, status: int | None, text: str) -> InfrastructureError:
    """For an answer of the engine that says no."""
    lowered = text.lower()
    for mark, meaning in _BY_TEXT:
        if mark in lowered:
            return InfrastructureError(f"docker: {meaning} (while {doing}: {text[:300]})")
    return InfrastructureError(f"docker: {doing} failed (status {status}): {text[:600]}")


def from_silence(doing: str, endpoint: str, error: BaseException, seconds: float) -> InfrastructureError:
    """For a connection that failed or an answer that did not come."""
    number = _errno(error)
    if number in _BY_ERRNO:
        return InfrastructureError(f"docker: {_BY_ERRNO[number].format(endpoint=endpoint)}")
    if "timed out" in str(error).lower():
        return InfrastructureError(
            f"docker: {doing} took longer than {seconds:g} s at {endpoint}: the engine is stuck or the host overloaded"
        )
    return InfrastructureError(f"docker: {doing} failed at {endpoint}: {str(error)[:300]}")


def _errno(error: BaseException) -> int | None:
    """The errno at the root of a chain of wrapped exceptions, wherever their authors kept it."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop()
        if isinstance(current, tuple):
            waiting += current
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, OSError) and isinstance(current.errno, int):
            return current.errno
        waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
    return None
