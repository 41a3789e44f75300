"""What `ratchet policy check` asks: the same facts that the daemon gives the gate, from a diff or from the archive."""

from __future__ import annotations

import re
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from daemon.cli import patches, reach
from daemon.cli.errors import BadInput

if TYPE_CHECKING:
    from daemon.settings import Settings


class Plain(NamedTuple):
    """A file as a diff makes it; unlike in the archive, of any mode, so that the policy can refuse it."""

    mode: str
    data: bytes


def edit_question(here: Settings, edit: str, target: str) -> dict[str, Any]:
    """Facts for the decision `edit`. Raises BadInput when there is no such diff, candidate or commit."""
    if edit == "-" or Path(edit).is_file():
        facts = _of_diff(here, sys.stdin.buffer.read() if edit == "-" else Path(edit).read_bytes(), target)
    else:
        facts = _of_archive(here, edit)
    return {**facts, "decision_id": f"check-{uuid.uuid4()}"}


def _of_diff(here: Settings, text: bytes, name: str) -> dict[str, Any]:
    from daemon.changes import edit_facts
    from daemon.steps.edits import target_facts
    from kernels.target import load_target
    from sandbox.payload import collect

    if not name:
        raise BadInput("say which target the diff is against: --target NAME (see `ratchet target list`)")
    target = load_target(here.targets / name)
    seed = {path: (data, "100644") for path, data in collect(target.seed_folder).items()}
    applied = patches.apply(text, seed)
    facts: dict[str, Any] = edit_facts(
        {path: Plain(mode, data) for path, (data, mode) in seed.items()},
        {path: Plain(mode, data) for path, (data, mode) in applied.changed.items()},
        applied.deleted,
        campaign="check",
        candidate="check-c1",
        target=target_facts(target),
    )
    return facts


def _of_archive(here: Settings, name: str) -> dict[str, Any]:
    from daemon.changes import edit_facts
    from daemon.repo import TreeStore
    from daemon.steps.edits import target_facts
    from kernels.target import load_target

    archive = reach.archive()
    row = archive.get(name)
    if row is None and re.fullmatch(r"[0-9a-f]{7,40}", name):
        every = (one for campaign in archive.campaigns() for one in archive.candidates(campaign.campaign))
        row = next((one for one in every if one.commit.startswith(name)), None)
    if row is None:
        raise BadInput(f"{name!r} is no file, no candidate and no commit of the archive")
    parent = archive.get(row.parent)
    campaign = archive.campaign(row.campaign)
    if not row.tree or parent is None or campaign is None:
        raise BadInput(f"{row.candidate} has no tree to check (verdict {row.verdict or 'in flight'})")
    store = TreeStore(here.home / "archive.git")
    before, after = store.read_tree(parent.tree), store.read_tree(row.tree)
    facts: dict[str, Any] = edit_facts(
        before,
        {path: file for path, file in after.items() if before.get(path) != file},
        tuple(path for path in before if path not in after),
        campaign=row.campaign,
        candidate=row.candidate,
        target=target_facts(load_target(here.targets / campaign.target)),
    )
    return facts
