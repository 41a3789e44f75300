"""The image's recipe, and that the engine's image is what the recipe says."""

from __future__ import annotations

import os
import re
import subprocess
from functools import partial
from pathlib import Path

import pytest

from sandbox.docker_backend import DockerBackend
from sandbox.images.version import LAYERS, RECIPE, layer_tag, tag
from tests.sandbox.room import spec

FOLDER = Path(__file__).resolve().parents[2] / "sandbox" / "images"


def test_the_base_is_pinned_by_digest() -> None:
    bases = re.findall(r"^ARG BASE=(.*)$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    assert len(bases) == 1
    assert re.fullmatch(r"debian:bookworm-slim@sha256:[0-9a-f]{64}", bases[0])


def test_the_build_hashes_the_same_recipe() -> None:
    for script in ("build", "with"):
        assert f"cat {' '.join(RECIPE)} | sha256sum" in (FOLDER / script).read_text()


def test_every_wanted_package_is_in_the_lock() -> None:
    locked = {line.split()[0] for line in (FOLDER / "lock").read_text().splitlines() if not line.startswith("#")}
    assert set((FOLDER / "packages").read_text().split()) <= locked


@pytest.mark.docker
def test_a_second_build_finds_the_image_at_once(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    done = subprocess.run([FOLDER / "build"], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"image: {tag()} is there\n"


@pytest.mark.docker
@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_that_is_there_is_the_one_of_its_recipe(layer: str, tmp_path: Path) -> None:
    assert {path.name for path in (FOLDER / layer).iterdir()} == set(LAYERS[layer])
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    done = subprocess.run([FOLDER / "layer", layer], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"image: {layer_tag(layer)} is there\n"


def test_a_layer_that_nobody_knows_is_named() -> None:
    done = subprocess.run([FOLDER / "layer", "fortran"], capture_output=True, text=True, check=False)
    assert (done.returncode, "hip or triton" in done.stderr) == (1, True)


@pytest.mark.docker
def test_the_image_passes_its_contents_check_under_the_profile(
    docker_backend: DockerBackend, sandbox_image: str
) -> None:
    # The lock comes on standard input, which our containers do not have: it is handed over in the script instead.
    lock = (FOLDER / "lock").read_text()
    script = (FOLDER / "contents").read_text().replace("/tmp/locked\n", "/tmp/locked <<'LOCK'\n" + lock + "LOCK\n", 1)
    end = docker_backend.run(spec(image=sandbox_image, command=("sh", "-c", script)))
    assert end.code == 0, end
    assert end.stdout.startswith(b"contents: ")


def test_a_build_without_an_engine_says_so(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DOCKER_HOST": f"unix://{tmp_path}/none", "TMPDIR": str(tmp_path)}
    done = subprocess.run([FOLDER / "build"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no engine answers at" in done.stderr


FETCHER = """#!/bin/sh
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/extra" "$2/numpy" "$2/extra-1.0.dist-info"
echo 'SAID = "there"' > "$2/extra/__init__.py"
echo 'raise ImportError' > "$2/numpy/__init__.py"
"""
"""Stands in for the installer: what it would have unpacked."""


@pytest.mark.docker
def test_packages_for_imported_tasks_come_on_top_and_numpy_stays(tmp_path: Path) -> None:
    (tmp_path / "uv").write_text(FETCHER)
    (tmp_path / "uv").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)}
    run = partial(subprocess.run, env=environment, capture_output=True, text=True, check=False)
    made = run([FOLDER / "with", "extra==1.0"])
    assert made.returncode == 0, made.stderr
    image = made.stdout.strip().rpartition("RATCHET_IMAGE=")[2]
    try:
        code = "import extra, numpy; print(extra.SAID, numpy.__file__)"
        told = run(["docker", "run", "--rm", "--network", "none", image, "python3", "-I", "-c", code])
        assert told.stdout.split() == ["there", "/usr/lib/python3/dist-packages/numpy/__init__.py"], told.stderr
    finally:
        run(["docker", "image", "rm", "--force", image])
    assert not list(tmp_path.glob("ratchet-image*"))


@pytest.mark.parametrize("words", [[], ["--index-url"], ["extra; touch /x"], ["git+https://x"]])
def test_only_names_of_packages_are_taken(words: list[str]) -> None:
    done = subprocess.run([FOLDER / "with", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("image: ")
