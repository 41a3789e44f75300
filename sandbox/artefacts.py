"""Compiled device code, from a build container to the one that launches it: one bounded file, read as hostile bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_HEADER_BYTES = 256 * 1024
MOST_OBJECT_BYTES = 64 * 1024 * 1024
MAGICS = (b"\x7fELF", b"__CLANG_OFFLOAD_BUNDLE__", b"//", b".version")
"""How objects begin that a driver takes: code objects and cubins (ELF), bundles of them, and PTX."""


class BadArtefact(Exception):
    """The build failed, or left something that is none: a sentence for the candidate's author, and the log."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


@dataclass(frozen=True)
class Artefact:
    """An object for the driver and the launch plan that goes with it; neither has been looked into."""

    data: bytes
    plan: bytes
    log: str


def read_artefact(path: Path) -> Artefact:
    """The artefact in a file that a build container wrote. Raises BadArtefact."""
    try:
        with path.open("rb") as stream:
            return parse_artefact(stream.read(MOST_HEADER_BYTES + MOST_OBJECT_BYTES + 1))
    except OSError as error:
        raise BadArtefact(f"the build's file cannot be read: {error.strerror}") from error


def parse_artefact(content: bytes) -> Artefact:
    """Split and check. Raises BadArtefact, and nothing else whatever the bytes."""
    line, newline, data = content.partition(b"\n")
    if not newline or len(line) > MOST_HEADER_BYTES:
        raise BadArtefact("the build ended without an answer")
    try:
        told = json.loads(line.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise BadArtefact("the build's answer is not JSON") from error
    if not isinstance(told, dict):
        raise BadArtefact("the build's answer is not an object")
    log = _text(told, "log", 48 * 1024)
    if told.get("ok") is not True:
        raise BadArtefact(_text(told, "error", 3000) or "the build failed", log)
    if told.get("bytes") != len(data) or type(told.get("bytes")) is not int:
        raise BadArtefact("the build's object is not as long as it says", log)
    if not data.startswith(MAGICS):
        raise BadArtefact("the build's file is no device object (ELF, offload bundle or PTX)", log)
    if len(data) > MOST_OBJECT_BYTES:
        raise BadArtefact(f"the object has more than {MOST_OBJECT_BYTES} bytes", log)
    return Artefact(data, _text(told, "plan", 4096).encode("utf-8", "replace"), log)


def lay_out(artefact: Artefact, folder: Path, file: str) -> Path:
    """Write object and plan as the launcher wants to find them; readable by anyone."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    for name, content in ((file, artefact.data), ("launch.json", artefact.plan)):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o644)
    return folder


def _text(told: dict[str, Any], name: str, most: int) -> str:
    value = told.get(name, "")
    return value[:most] if isinstance(value, str) else ""
