"""What an outside agent may ask for: reading, and handing in. Nothing here approves, promotes, steers or starts.

It stands outside the daemon, like the command line: it reads the records, puts a bundle into the blob store, and sends
the update `submit`; the daemon decides everything else.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from daemon.cli import board, reach
from daemon.cli.errors import BadInput
from daemon.cli.patches import apply
from daemon.records.rows import CandidateRow

if TYPE_CHECKING:
    from kernels.target import Target

MOST_WAIT = 600.0
INTERVAL = 0.5
SHOWN = ("candidate", "parent", "verdict", "score", "gain", "low", "high", "pairs", "promoted", "hypothesis")
HISTORY = 20


class Desk:
    """One agent's place: `by` is written down with what it hands in; `campaign` is the newest when empty."""

    def __init__(self, by: str, campaign: str = "") -> None:
        self._by = by
        self._campaign = campaign

    def targets(self) -> list[dict[str, Any]]:
        """What can be improved here: for each target its description, its measure, and which files may change."""
        from kernels.target import list_targets

        return [target.public() for target in list_targets(reach.settings().targets)]

    async def status(self) -> dict[str, Any]:
        """The campaign: how many candidates it takes, what is decided, what is spent of its budget, and the best."""
        name = await self._name()
        return await reach.translated(self._look(name))

    async def parent(self, candidate: str = "") -> dict[str, Any]:
        """A candidate to start from (the best so far, when none is named): its files, its score, what the judge said
        of it, and what was tried before."""
        from daemon.repo import TreeStore

        name = await self._name()
        archive = reach.archive()
        rows = archive.candidates(name)
        row = self._row(candidate or (await self.status())["best"] or f"{name}-c0")
        files, other = {}, []
        for path, file in TreeStore(reach.settings().home / "archive.git").read_tree(row.tree).items():
            try:
                files[path] = file.data.decode("utf-8")
            except UnicodeDecodeError:
                other.append(path)
        return {
            **_shown(row),
            "feedback": row.feedback,
            "target": self._target(name).public(),
            "files": files,
            "files_that_are_no_text": other,
            "history": [_shown(one) for one in rows if one.number > 0 and one.verdict][-HISTORY:],
        }

    async def submit(
        self,
        parent: str,
        hypothesis: str,
        files: Mapping[str, str] | None = None,
        deleted: Sequence[str] = (),
        diff: str = "",
    ) -> dict[str, Any]:
        """Hand in a candidate: what you changed of `parent`, as whole files by path (and deleted paths), or as one
        unified diff. Say in `hypothesis` what changed and why it should be better. It is checked by policy, built,
        judged and recorded like any other candidate; ask `verdict` for what came of it."""
        from daemon.records.blobs import BlobStore

        name = await self._name()
        made = self._from_diff(parent, diff) if diff else (dict(files or {}), list(deleted))
        if diff and (files or deleted):
            raise BadInput("give either files or a diff")
        bundle = {
            "format": 1,
            "status": "proposed",
            "hypothesis": hypothesis[:2000],
            "reason": "",
            "files": {path: {"mode": self._mode(parent, path), "text": text} for path, text in made[0].items()},
            "deleted": made[1],
            "usage": {"calls": 0},
        }
        blob = BlobStore(reach.settings().home / "blobs").put(json.dumps(bundle, sort_keys=True).encode())
        taken = await reach.translated(self._send(name, parent, blob))
        return {"candidate": taken, "next": "ask verdict for this candidate"}

    async def verdict(self, candidate: str, wait_seconds: float = 60.0) -> dict[str, Any]:
        """What came of a candidate. Waits for it at most `wait_seconds` (600 at most): `state` is `decided`,
        `in flight`, `waits for a person`, or `never taken` when the campaign ended before its turn."""
        deadline = time.monotonic() + min(max(wait_seconds, 0.0), MOST_WAIT)
        name = candidate.rpartition("-c")[0]
        while True:
            row = reach.archive().get(candidate)
            if row is not None and row.verdict:
                return {"state": "decided", **_shown(row), "reasons": list(row.reasons), "feedback": row.feedback}
            campaign = await reach.translated(self._look(name))
            if any(hold["candidate"] == candidate for hold in campaign["holds"]):
                return {"state": "waits for a person", "candidate": candidate}
            if board.ended(campaign):
                return {"state": "never taken", "candidate": candidate, "campaign": campaign["status"]}
            if time.monotonic() >= deadline:
                return {"state": "in flight", "candidate": candidate}
            await asyncio.sleep(INTERVAL)

    def lineage(self, candidate: str) -> list[dict[str, Any]]:
        """A candidate and its ancestors, nearest first, back to the seed."""
        self._row(candidate)
        return [_shown(row) for row in reach.archive().lineage(candidate)]

    async def leaderboard(self) -> list[dict[str, Any]]:
        """The best candidates of the campaign, best first."""
        return list((await self.status())["leaders"])

    # -- parts ---------------------------------------------------------------------------------------------------

    async def _name(self) -> str:
        return self._campaign or await reach.translated(reach.latest())

    async def _look(self, name: str) -> dict[str, Any]:
        return await board.look(await reach.campaign(name))

    async def _send(self, name: str, parent: str, blob: str) -> str:
        from workflows.outside import Submission

        handle = await reach.campaign(name)
        if board.ended(seen := await board.look(handle)):
            raise BadInput(f"the campaign {name} has ended ({seen['status']})")
        # The same submission twice is one: an agent that repeats a call that was cut off gets the same candidate.
        once = hashlib.sha256(f"{parent}/{blob}".encode()).hexdigest()
        submission = Submission(parent=parent, bundle=blob, by=self._by)
        taken: str = await handle.execute_update("submit", submission, id=f"submit-{once}", result_type=str)
        return taken

    def _from_diff(self, parent: str, diff: str) -> tuple[dict[str, str], list[str]]:
        applied = apply(diff.encode(), self._files(parent))
        try:
            return {path: data.decode() for path, (data, _) in applied.changed.items()}, list(applied.deleted)
        except UnicodeDecodeError as error:
            raise BadInput("the diff makes a file that is no UTF-8 text") from error

    def _files(self, candidate: str) -> dict[str, tuple[bytes, str]]:
        from daemon.repo import TreeStore

        trees = TreeStore(reach.settings().home / "archive.git")
        return {path: (file.data, file.mode) for path, file in trees.read_tree(self._row(candidate).tree).items()}

    def _mode(self, parent: str, path: str) -> str:
        known = self._files(parent).get(path)
        return known[1] if known else "100644"

    def _row(self, candidate: str) -> CandidateRow:
        row = reach.archive().get(candidate)
        if row is None or not row.tree:
            raise BadInput(f"no candidate {candidate!r} with a tree in the archive; `leaderboard` lists the best")
        return row

    def _target(self, campaign: str) -> Target:
        from kernels.target import load_target

        row = reach.archive().campaign(campaign)
        if row is None:
            raise BadInput(f"no campaign {campaign!r} in the archive")
        return load_target(reach.settings().targets / row.target)


def _shown(row: CandidateRow) -> dict[str, Any]:
    return row.model_dump(mode="json", include=set(SHOWN))
