"""One commit of somebody's repository, and a patch on it, without running anything that either brings."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from kernels.importers.reading import BYTES_LIMIT, FILES_LIMIT
from kernels.target import BadTarget

SECONDS = 60.0
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_ENV = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "",  # a partial clone fetches what it lacks, by programs that its settings name
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
}


def tree_at(repository: Path, commit: str) -> dict[str, bytes]:
    """Every file of a commit, straight from the objects: no checkout, so no filter, hook or attribute has a say.

    Nothing later than the commit is read. Raises BadTarget.
    """
    if not _COMMIT.fullmatch(commit):
        raise BadTarget(repository, "base_commit", f"{commit[:80]!r} is no commit", "give its hexadecimal id")
    listed = _git(repository, ["ls-tree", "-r", "-z", "--full-tree", "--long", commit], repository).split(b"\0")[:-1]
    rows = [(*line.partition(b"\t")[0].split(), line.partition(b"\t")[2]) for line in listed]
    odd = [path for mode, _, _, _, path in rows if mode not in (b"100644", b"100755")]
    if odd:
        raise BadTarget(repository, odd[0].decode("utf-8", "replace"), "is a link or a submodule", "leave it out")
    if len(rows) > FILES_LIMIT or sum(int(size) for _, _, _, size, _ in rows) > BYTES_LIMIT:
        limits = f"more than {FILES_LIMIT} files or {BYTES_LIMIT // 2**20} MiB"
        raise BadTarget(repository, "base_commit", f"holds {limits}", "import the part that the task needs")
    asked = b"".join(oid + b"\n" for _, _, oid, _, _ in rows)
    answer = _git(repository, ["cat-file", "--batch"], repository, asked)
    found: dict[str, bytes] = {}
    at = 0
    for _, _, _, size, path in rows:
        at = answer.index(b"\n", at) + 1
        found[path.decode("utf-8", "replace")] = answer[at : at + int(size)]
        at += int(size) + 1
    return found


def patched(folder: Path, files: Mapping[str, bytes], patch: str, field: str) -> dict[str, bytes]:
    """The files that a patch changes or adds, as they are after it. Raises BadTarget."""
    with tempfile.TemporaryDirectory(prefix="ratchet-patch-") as made:
        place = Path(made)
        for path, data in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(data)
        try:
            _git(place, ["apply", "--whitespace=nowarn", "-"], place, patch.encode())
        except BadTarget as error:
            raise BadTarget(
                folder, field, f"does not apply: {error.problem}", "give the patch of this commit"
            ) from error
        after = {path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_file()}
        return {
            name: data
            for name, path in sorted(after.items())
            if not path.is_symlink() and (data := path.read_bytes()) != files.get(name)
        }


def _git(repository: Path, words: Sequence[str], cwd: Path, data: bytes = b"") -> bytes:
    env = {**_ENV, "GIT_CEILING_DIRECTORIES": str(cwd.resolve().parent)}
    # Other people's repository may belong to another user of this machine; only its objects are read.
    safe = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
    try:
        done = subprocess.run(
            ["git", *safe, *words], cwd=cwd, env=env, input=data, capture_output=True, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadTarget(repository, "", f"git: {error}", "check that git is there") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:] or f"git ended with {done.returncode}"
        raise BadTarget(repository, "", said, "check that the repository holds the commit")
    return done.stdout
