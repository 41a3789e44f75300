"""Which paths, modes and trees are sound, and which files no candidate may touch. Pure; reads no policy data.

The same rules stand in the policy (`policies/ratchet/edit/`). They are here a second time, in code that nobody tunes,
so that emptied policy data opens nothing; `gate.py` applies them to every permitted edit.

Paths are judged as bytes against an allow-list, before anything splits or normalises them: what is not plain is
refused, so no two programs can read one path in two ways.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence

MAX_BYTES = 240
MAX_SEGMENTS = 20
MODES = frozenset({"100644", "100755"})
"""Git's modes of regular files. Links, submodules, folders and special bits are all something else."""

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.ASCII | re.IGNORECASE)

PROTECTED_NAMES = frozenset({
    "target.toml", "evaluator.py",
    "conftest.py", "pytest.ini", "pytest.toml", "tox.ini", "tox.toml", "setup.cfg", "setup.py", "pyproject.toml",
    "noxfile.py", "sitecustomize.py", "usercustomize.py",
    "jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml", "appveyor.yml",
    "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum", "conda-lock.yml",
})  # fmt: skip
"""File names, in lower case: what judges, runs tests, is run by Python or CI unasked, or says what is installed."""

PROTECTED_PARTS = frozenset({"judge", "evaluator", "policy", "policies", "budget", "budgets", "__pycache__"})
"""Names of files or folders anywhere in a path."""

PROTECTED_GLOBS = (
    "*.pth", "*.pyc", "*.rego", "*.lock", "requirements*.txt", "constraints*.txt",
    "dockerfile*", "*.dockerfile", "containerfile*", "docker-compose*", "compose.yaml", "compose.yml",
    "budget*.yaml", "budget*.yml", "budget*.toml", "budget*.json",
)  # fmt: skip
"""File names."""

PROTECTED_PART_GLOBS = ("*.egg-info", "*.dist-info", ".*")
"""Names of files or folders anywhere in a path."""

TRUSTED_FOLDERS = frozenset({"daemon", "workflows", "sandbox", "policies", "ops", "tests", "kernels"})
"""Top-level folders of this project: closed, but for the agent's own, when the thing improved is the agent itself."""


class UnsafePathError(ValueError):
    """A path is not plain. `rule` is one word for which way."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"unsafe path ({rule})")
        self.rule = rule


def segments(path: str) -> tuple[str, ...]:
    """The parts of a plain relative path. Raises UnsafePathError for anything else."""
    if not path:
        raise UnsafePathError("empty")
    if not path.isascii():
        raise UnsafePathError("not-ascii")
    if len(path) > MAX_BYTES:
        raise UnsafePathError("too-long")
    if path.startswith("/"):
        raise UnsafePathError("absolute")
    parts = tuple(path.split("/"))
    if len(parts) > MAX_SEGMENTS:
        raise UnsafePathError("too-deep")
    for part in parts:
        _check_part(part)
    return parts


def _check_part(part: str) -> None:
    if part in ("", ".", ".."):
        raise UnsafePathError("not-canonical")
    if part.lower().startswith((".git", "git~")):
        raise UnsafePathError("git")
    if part.startswith("."):
        raise UnsafePathError("hidden")
    if not _PLAIN.fullmatch(part):
        raise UnsafePathError("characters")
    if part.endswith("."):
        raise UnsafePathError("trailing-dot")
    if _DEVICES.fullmatch(part):
        raise UnsafePathError("device-name")


def protected(parts: Sequence[str], kind: str = "") -> bool:
    """Whether no candidate may add, change or delete the file. `kind` is the target's kind. Case does not matter."""
    low = [part.lower() for part in parts]
    name = low[-1]
    return (
        name in PROTECTED_NAMES
        or any(fnmatch.fnmatchcase(name, pattern) for pattern in PROTECTED_GLOBS)
        or any(part in PROTECTED_PARTS for part in low)
        or any(fnmatch.fnmatchcase(part, pattern) for part in low for pattern in PROTECTED_PART_GLOBS)
        or (kind == "genome" and low[0] in TRUSTED_FOLDERS and list(parts[:2]) != ["daemon", "agent"])
    )


def clashes(tree: Iterable[str], changed: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Changed paths that cannot stand in the tree: (path, rule).

    `case-twin`: a file or folder differs from another only in case. `file-and-folder`: one path is a folder of another.
    """
    files = set(tree)
    spellings: dict[str, set[str]] = {}
    folders = set()
    for path in files:
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            prefix = "/".join(parts[:end])
            spellings.setdefault(prefix.lower(), set()).add(prefix)
            if end < len(parts):
                folders.add(prefix)
    for path in sorted(set(changed) & files):
        prefixes = ["/".join(path.split("/")[:end]) for end in range(1, path.count("/") + 2)]
        if any(len(spellings[prefix.lower()]) > 1 for prefix in prefixes):
            yield path, "case-twin"
        if path in folders or any(prefix in files for prefix in prefixes[:-1]):
            yield path, "file-and-folder"
