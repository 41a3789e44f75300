"""What is mounted into runners is, before and after a session, to the byte the trees that were gated and committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daemon.gitfolders import folder_id
from workflows.ports import InfrastructureError, RefusedError

RULE = "TREE"
Tell = Callable[..., Any]
"""Append to the audit log: kind, then `body`."""


@contextmanager
def unchanged(tell: Tell, trees: Mapping[Path, str]) -> Iterator[None]:
    """Hold a session over folders that are these trees. Nothing is measured in another one, and nothing counts when one
    became another meanwhile.

    Raises RefusedError, rule TREE, with an audit record of what differs.
    """
    _compare(tell, trees, "before an evaluation")
    try:
        yield
    finally:
        _compare(tell, trees, "during an evaluation")


def _compare(tell: Tell, trees: Mapping[Path, str], when: str) -> None:
    found = {folder: _id(folder) for folder in trees}
    changed = sorted(folder.name for folder, tree in trees.items() if found[folder] != tree)
    if not changed:
        return
    named = [{folder.name: tree for folder, tree in side.items()} for side in (trees, found)]
    tell("manifest.changed", body={"changed": changed, "wanted": named[0], "found": named[1], "when": when})
    raise RefusedError(RULE, f"the mounted files of {', '.join(changed)} changed {when}: nothing measured counts")


def _id(folder: Path) -> str:
    try:
        return folder_id(folder)
    except RefusedError as error:
        return f"no tree: {error}"
    except OSError as error:
        raise InfrastructureError(f"repo: {folder}: {error.strerror or error}") from error
