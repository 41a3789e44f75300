"""The name of the image that this checkout's recipe makes: its tag is the hash of the recipe."""

from __future__ import annotations

import hashlib
from pathlib import Path

REPOSITORY = "ratchet-sandbox"
RECIPE = ("Dockerfile", "build", "contents", "lock", "packages", "trim")
"""Files that decide what is in the image, in the order in which `build` hashes them."""


HIP_REPOSITORY = "ratchet-sandbox-hip"
HIP_RECIPE = ("hip/Dockerfile", "hip/build", "hip/contents", "hip/packages", "hip/trim")


def hip_tag() -> str:
    """`ratchet-sandbox-hip:<12 digits>`, over its own recipe and the base image's tag."""
    folder = Path(__file__).parent
    recipe = hashlib.sha256(b"".join([tag().encode(), *((folder / name).read_bytes() for name in HIP_RECIPE)]))
    return f"{HIP_REPOSITORY}:{recipe.hexdigest()[:12]}"


def tag() -> str:
    """`ratchet-sandbox:<first 12 digits of the recipe's SHA-256>`; pass it to `DockerBackend.image_id`."""
    folder = Path(__file__).parent
    recipe = hashlib.sha256(b"".join((folder / name).read_bytes() for name in RECIPE))
    return f"{REPOSITORY}:{recipe.hexdigest()[:12]}"
