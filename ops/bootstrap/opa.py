"""The OPA server: the given one, the one on PATH, ours; else built from its module, else the official release."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import tempfile
import urllib.request
from pathlib import Path

from ops.bootstrap.place import locked, state
from ops.bootstrap.runner import Say, StepError
from ops.bootstrap.shell import output, run

STEP = "opa"
VERSION = "1.22.0"
MODULE = "github.com/open-policy-agent/opa"
MODULE_SUM = "h1:CwxTSHfk5GmA1CaySVWyxRvggY2xZYxKL6bhDuWOCuU="
"""What the Go checksum database says of that version; the same everywhere."""
RELEASE = f"https://{MODULE}/releases/download/v{VERSION}"
REMEDY = f"put an opa {VERSION} binary on PATH, or name one in RATCHET_OPA_BIN"


def prepare(say: Say) -> str:
    """Find or make an OPA binary of the right version. Raises StepError."""
    given = os.environ.get("RATCHET_OPA_BIN", "")
    if given:
        if not version(Path(given)):
            raise StepError(f"RATCHET_OPA_BIN={given} is not an OPA binary", "unset it, or name a good one")
        return f"{version(Path(given))} from RATCHET_OPA_BIN"
    ours = state() / "bin/opa"
    on_path = shutil.which("opa")
    if on_path and version(Path(on_path)) == VERSION:
        return f"{VERSION} on PATH"
    if version(ours) == VERSION:
        return f"{VERSION} in {ours.parent}"
    with locked(state() / "locks/opa"):
        if version(ours) == VERSION:
            return f"{VERSION}, made by another set-up"
        ours.parent.mkdir(parents=True, exist_ok=True)
        problems: list[str] = []
        for way in (_build, _download):
            try:
                return way(ours, say)
            except StepError as error:
                say(str(error))
                problems.append(str(error))
        raise StepError("; ".join(problems), REMEDY)


def version(binary: Path) -> str:
    """The version that a binary reports, or nothing when it is none."""
    found = re.search(r"^Version: (\S+)$", output([binary, "version"]), re.MULTILINE) if binary.is_file() else None
    return found.group(1) if found else ""


def _build(ours: Path, say: Say) -> str:
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if go is None:
        raise StepError("no go to build opa with", REMEDY)
    with tempfile.TemporaryDirectory(prefix="opa-", dir=ours.parent) as folder:
        env = {"GOBIN": folder, "CGO_ENABLED": "0", "GOFLAGS": "-trimpath", "GOWORK": "off"}
        say(f"go install {MODULE}@v{VERSION}")
        facts = output([go, "mod", "download", "-json", f"{MODULE}@v{VERSION}"])
        if f'"Sum": "{MODULE_SUM}"' not in facts:
            raise StepError("the module proxy gave no opa, or not the one we know by its checksum", REMEDY)
        run([go, "install", f"{MODULE}@v{VERSION}"], step=STEP, say=say, env=env, cwd=Path(folder), remedy=REMEDY)
        built = Path(folder) / "opa"
        if version(built) != VERSION:
            raise StepError("go install left no usable opa", REMEDY)
        built.replace(ours)
    return f"{VERSION} built from its module"


def _download(ours: Path, say: Say) -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
    if machine is None:
        raise StepError(f"no official opa for {platform.machine()}", REMEDY)
    address = f"{RELEASE}/opa_linux_{machine}_static"
    say(f"fetching {address}")
    try:
        expected = _get(f"{address}.sha256").decode("ascii", "replace").split()[0]
        data = _get(address)
    except (OSError, IndexError) as error:
        raise StepError(f"the official release cannot be fetched: {error}", REMEDY) from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise StepError("the official release does not have the checksum that stands beside it", REMEDY)
    half = ours.with_name(".opa.part")
    half.write_bytes(data)
    half.chmod(0o755)
    if version(half) != VERSION:
        raise StepError("the official release does not run here", REMEDY)
    half.replace(ours)
    return f"{VERSION}, official release; checked against the checksum published beside it, not a pinned one"


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310  (the address is a constant, https)
        body: bytes = answer.read(200_000_000)
        return body
