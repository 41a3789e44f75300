"""Clones a repository to import: its newest commit only, nothing of it run, nothing of this host's settings used."""

from __future__ import annotations

import os
import re
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from kernels.target import BadTarget

SCHEMES = ("https", "ssh", "file")
_URL = re.compile(rf"(?:{'|'.join(SCHEMES)})://[^\s\x00-\x1f]+")
SECONDS = 300.0
BYTES = 256 * 1024 * 1024
"""Largest file that git may write: its pack holds the whole commit."""
_ALLOWED = [word for scheme in SCHEMES for word in ("-c", f"protocol.{scheme}.allow=always")]
_GIT = (
    "git",
    *("-c", "protocol.allow=never"),
    *_ALLOWED,
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "credential.helper="),
    *("-c", "http.followRedirects=false"),
)


def is_url(source: str) -> bool:
    """Whether a source is an address rather than a folder."""
    return "://" in source


@contextmanager
def cloned(url: str) -> Iterator[Path]:
    """The repository's files in a folder named after it, for as long as the block runs. Raises BadTarget."""
    if not _URL.fullmatch(url):
        raise BadTarget(Path(url), "", "is no address that is cloned", f"use {', '.join(SCHEMES)}://… or a folder")
    name = re.sub(r"\.git$", "", url.rstrip("/").rpartition("/")[2]) or "repo"
    with TemporaryDirectory(prefix="ratchet-clone-") as made:
        place = Path(made) / re.sub(r"[^A-Za-z0-9_.-]", "-", name)
        _clone(url, place)
        yield place


def _clone(url: str, place: Path) -> None:
    options = ("--depth=1", "--single-branch", "--no-tags", "--no-recurse-submodules", "--template=", "--quiet")
    keep = {name: os.environ[name] for name in ("HOME", "SSH_AUTH_SOCK") if name in os.environ}
    env = {
        **keep,
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    }
    try:
        done = subprocess.run(
            [*_GIT, "clone", *options, "--", url, str(place)],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            preexec_fn=_small_files,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadTarget(
            place, "", f"cannot clone {url}: {error}", "check that git is there, and the network"
        ) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:] or f"git ended with {done.returncode}"
        raise BadTarget(place, "", f"cannot clone {url}: {said}", "check the address, and that it may be read")


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, BYTES))
