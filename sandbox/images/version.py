"""The name of the image that this checkout's recipe makes: its tag is the hash of the recipe."""

from __future__ import annotations

import hashlib
from pathlib import Path

REPOSITORY = "ratchet-sandbox"
RECIPE = ("Dockerfile", "build", "contents", "lock", "packages", "trim")
"""Files that decide what is in the image, in the order in which `build` hashes them."""


LAYERS = {
    "hip": ("Dockerfile", "contents", "packages", "trim"),
    "triton": ("Dockerfile", "contents", "fetch", "lock"),
}
"""Images on top of the base, made by `layer`, and the files of each one's recipe."""


def layer_tag(layer: str) -> str:
    """`ratchet-sandbox-<layer>:<12 digits>`, over its own recipe and the base image's tag."""
    folder = Path(__file__).parent
    recipe = [folder / "layer", *(folder / layer / name for name in LAYERS[layer])]
    digest = hashlib.sha256(b"".join([tag().encode(), *(path.read_bytes() for path in recipe)]))
    return f"{REPOSITORY}-{layer}:{digest.hexdigest()[:12]}"


def tag() -> str:
    """`ratchet-sandbox:<first 12 digits of the recipe's SHA-256>`; pass it to `DockerBackend.image_id`."""
    folder = Path(__file__).parent
    recipe = hashlib.sha256(b"".join((folder / name).read_bytes() for name in RECIPE))
    return f"{REPOSITORY}:{recipe.hexdigest()[:12]}"
