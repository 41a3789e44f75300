"""The bundle: what is read from the policies folder, its revision, and what a server is given.

A folder is read once into memory; check and build then see the same bytes, whatever an editor does meanwhile.

    source = Source.read(Path("policies"))
    problems = check(source, find_opa())
    bundle = source.build(Path("out"))      # bundle.revision is what every decision carries
"""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MAX_BYTES = 8 * 1024 * 1024
"""A policies folder with more than this in it is not one."""

_RESERVED = ("ratchet/data.json", "ratchet/data.yaml")
"""Written by the build: they carry the revision."""


class BadPoliciesError(Exception):
    """The folder cannot be read as a bundle; the message names the file and the remedy."""


@dataclass(frozen=True)
class Bundle:
    """A built bundle: a folder in OPA's layout, without tests."""

    path: Path
    revision: str
    """SHA-256 over names and contents of the built files, 64 hex digits."""


@dataclass(frozen=True)
class Source:
    """The files of a policies folder at one moment: relative path → content."""

    files: dict[str, bytes]

    @classmethod
    def read(cls, folder: Path) -> Source:
        """Read `*.rego`, `data.yaml` and `data.json`. Raises BadPoliciesError."""
        if not folder.is_dir():
            raise BadPoliciesError(f"policies: {folder} is not a folder; set RATCHET_POLICIES")
        files: dict[str, bytes] = {}
        total = 0
        try:
            for path in sorted(folder.rglob("*")):
                name = path.relative_to(folder).as_posix()
                if any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts):
                    continue
                if path.suffix not in {".rego", ".yaml", ".yml", ".json"} or path.is_dir():
                    continue
                if not stat.S_ISREG(path.lstat().st_mode):
                    raise BadPoliciesError(f"policies: {name} is not a regular file; replace it by one")
                if path.suffix != ".rego" and path.name not in {"data.yaml", "data.json"}:
                    raise BadPoliciesError(f"policies: {name} would be ignored; data files are named data.yaml")
                if name in _RESERVED or name.startswith("access/"):
                    raise BadPoliciesError(f"policies: {name} is a reserved place; move it to a folder of your own")
                files[name] = path.read_bytes()
                total += len(files[name])
                if total > MAX_BYTES:
                    raise BadPoliciesError(f"policies: {folder} holds more than {MAX_BYTES} bytes of policy")
        except OSError as error:
            raise BadPoliciesError(f"policies: cannot read {error.filename}: {error.strerror}") from error
        if not any(name.endswith(".rego") for name in files):
            raise BadPoliciesError(f"policies: {folder} holds no .rego file; set RATCHET_POLICIES")
        return cls(files)

    @cached_property
    def revision(self) -> str:
        """Hash of what a server is given: tests do not count."""
        digest = hashlib.sha256()
        for name, data in sorted(self.files.items()):
            if not name.endswith("_test.rego"):
                digest.update(f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode())
        return digest.hexdigest()

    @property
    def roots(self) -> list[str]:
        """Top-level names of the data document that the bundle owns."""
        return sorted({name.split("/")[0] for name in self.files if "/" in name} | {"ratchet"})

    def write(self, out: Path, *, tests: bool) -> None:
        """Write the files below `out`, which is emptied first."""
        shutil.rmtree(out, ignore_errors=True)
        for name, data in self.files.items():
            if tests or not name.endswith("_test.rego"):
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                (out / name).write_bytes(data)

    def build(self, out: Path) -> Bundle:
        """Write the bundle, with manifest and revision, to the folder `out`, which is emptied first."""
        self.write(out, tests=False)
        (out / "ratchet").mkdir(parents=True, exist_ok=True)
        (out / "ratchet" / "data.json").write_text(json.dumps({"revision": self.revision}))
        (out / ".manifest").write_text(json.dumps({"revision": self.revision, "roots": self.roots, "rego_version": 1}))
        return Bundle(out, self.revision)


def build(folder: Path, out: Path) -> Bundle:
    """Read `folder` and build it to `out`. Raises BadPoliciesError."""
    return Source.read(folder).build(out)
