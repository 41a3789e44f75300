"""Whether the installed packages are the locked ones. The daemon does not start on others.

A package that is not what was locked runs with everything the daemon holds: keys, money, the audit log. What is checked
is the environment that Python imports from: versions against `requirements.lock`, files against the RECORD that each
package was installed with, and the files that Python runs by itself before anyone asks.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import sysconfig
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from workflows.ports import RefusedError

REMEDY = "install the locked packages again (`make setup`), or look who changed them"
STARTERS = {"__editable__.ratchet-*.pth": "ratchet", "distutils-precedence.pth": "setuptools"}
"""`.pth` files that may stand here, and the package that brings each. Python runs them at every start."""
CODE = (".py", ".so", ".pth")
SELF_STARTING = ("sitecustomize.py", "usercustomize.py")
_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_SLACK_SECONDS = 2.0
_SHOWN = 5


def require_locked(lock: Path, site: Path | None = None) -> None:
    """Raises RefusedError that names what differs, and what to do."""
    place = site or Path(sysconfig.get_paths()["purelib"])
    try:
        text = lock.read_text(encoding="utf-8")
    except OSError as error:
        raise RefusedError("PACKAGES", f"packages: {lock.name} cannot be read: {error.strerror}; {REMEDY}") from error
    found = list(differences(text, place))
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise RefusedError("PACKAGES", f"packages: {'; '.join(found[:_SHOWN])}{more} (in {place}); {REMEDY}")


def differences(lock: str, site: Path, *, deep: bool = False) -> Iterator[str]:
    """A sentence for each difference. `deep` reads every file; else those that changed after their installation, and
    the sizes of all others."""
    wanted = {_plain(name): version for name, version in _LOCKED.findall(lock)}
    records = {_plain(path.name.split("-")[0]): path for path in sorted(site.glob("*.dist-info"))}
    for name, version in wanted.items():
        if name not in records:
            continue  # for another system or Python; what is needed and missing fails at its import
        there = records[name].name.removesuffix(".dist-info").partition("-")[2]
        if there != version:
            yield f"{name} is {there}, locked is {version}"
    yield from _starters(site, records)
    for name in sorted(wanted.keys() & records.keys()):
        yield from _files(name, site, records[name] / "RECORD", deep)


def _starters(site: Path, records: dict[str, Path]) -> Iterator[str]:
    for path in sorted(site.glob("*.pth")):
        owner = next((name for pattern, name in STARTERS.items() if fnmatchcase(path.name, pattern)), "")
        if not owner or owner not in records:
            yield f"{path.name} runs at every start of Python, and is none of {', '.join(STARTERS)}"
        else:
            lines = [line for line in _record(records[owner] / "RECORD") if line[0] == path.name]
            if not lines or _differs(path, lines[0][1]):
                yield f"{path.name} is not as {owner} brought it"
    for name in SELF_STARTING:
        if (site / name).exists():
            yield f"{name} runs at every start of Python"


def _files(package: str, site: Path, record: Path, deep: bool) -> Iterator[str]:
    try:
        installed = record.stat().st_mtime
        lines = _record(record)
    except OSError as error:
        yield f"{package} has no RECORD of its files: {error.strerror}"
        return
    for name, digest, size in lines:
        if not digest or not name.endswith(CODE):
            continue
        path = site / name
        try:
            facts = path.stat()
        except OSError:
            yield f"{name} of {package} is gone"
            continue
        if size and facts.st_size != int(size):
            yield f"{name} of {package} has another size"
        elif (deep or facts.st_mtime > installed + _SLACK_SECONDS) and _differs(path, digest):
            yield f"{name} of {package} has other content"


def _record(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [[*line, "", ""][:3] for line in csv.reader(file) if line]


def _differs(path: Path, recorded: str) -> bool:
    """`recorded` as in RECORD: `sha256=` and the digest in URL-safe base64 without padding."""
    kind, _, wanted = recorded.partition("=")
    if kind not in ("sha256", "sha384", "sha512"):
        return True
    digest = hashlib.new(kind, path.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != wanted


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
