"""What the tools work on: the files as they stand now, the task, and what was learnt on the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

WORK = "/work"
"""Scratch memory of the container, and the only place where programs may run."""


class Trouble(Exception):
    """A tool did not do what was asked, or shows that the edit is wrong; the text is for the model."""


class Workspace:
    """One proposal in the making."""

    def __init__(self, task: dict[str, Any], folder: str | Path = WORK) -> None:
        self.task = task
        self._folder = folder
        self.files = dict(self.base)
        """As they stand now; the parent's to begin with."""
        self.findings: list[str] = []
        """For whoever comes after this candidate."""
        self.tasks: list[str] = []
        """What is left to try, for whoever comes after this candidate."""

    @property
    def folder(self) -> Path:
        """Where programs may run."""
        from pathlib import Path  # most proposals try nothing, and an agent's start counts

        return Path(self._folder)

    @property
    def base(self) -> dict[str, str]:
        """The parent's files."""
        files: dict[str, str] = self.task["parent"]["files"]
        return files

    @property
    def checks(self) -> dict[str, Any]:
        """How the edit may be tried here: `build` (argv), `language`, `file`, `cases`. Empty: not at all."""
        checks: dict[str, Any] = self.task.get("checks") or {}
        return checks

    def changed(self) -> dict[str, str]:
        """The files that differ from the parent's."""
        return {path: text for path, text in self.files.items() if self.base.get(path) != text}

    def editable(self, path: str) -> bool:
        """Whether the task lets this path change: `*` stays within a folder, `**` does not."""
        return any(re.fullmatch(_pattern(glob), path) for glob in self.task["target"].get("editable", []))

    def lay_out(self) -> Path:
        """The files on the disk, in a fresh folder. Raises Trouble for a path that cannot be one."""
        import shutil  # most proposals try nothing, and an agent's start counts

        tree = self.folder / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        for path, text in self.files.items():
            place = tree / path
            if path.startswith("/") or ".." in place.parts:
                raise Trouble(f"{path!r} is not a path inside the tree")
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8", errors="replace")
            except (OSError, ValueError) as error:
                raise Trouble(f"{path!r} cannot be written: {error}") from error
        return tree


def _pattern(glob: str) -> str:
    parts = re.split(r"(\*\*/?|\*|\?)", glob)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(known.get(part, re.escape(part)) for part in parts)
