"""A witness as a place for checkpoints: it vouches for each that grew from the one before, and the vouched one is kept.

Written as `witness:URL KEY`, the URL as C2SP `tlog-witness` has it (a submission prefix), the key as a verifier key.
"""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from pathlib import Path

from daemon.records.chain import MAX_LINE, hash_in, segments
from daemon.records.cosignatures import WitnessKey, cosigned_at
from daemon.records.files import write_durably
from daemon.records.merkle import consistency_proof
from daemon.records.notes import BadNote, Checkpoint
from daemon.records.outside import SEND_SECONDS
from daemon.records.pruning import read_leaves
from daemon.records.witness import SIZE_TYPE

COSIGNED = "cosigned"
"""The file of the state folder that holds the newest checkpoint with the witness's signature line."""
_MOST_BYTES = 64 * 1024


class Refused(Exception):
    """The witness does not vouch for the checkpoint. The message says why."""


class WitnessPlace:
    """One witness, for the log in a folder. Not thread-safe."""

    def __init__(self, url: str, key: WitnessKey, home: Path) -> None:
        self._url = url.rstrip("/") + "/add-checkpoint"
        self._key = key
        self._kept = home / COSIGNED
        self._leaves = Leaves(home / "audit")
        self._vouched = 0

    @classmethod
    def parse(cls, text: str, home: Path) -> WitnessPlace:
        """From `URL KEY`. Raises ValueError."""
        url, _, key = text.partition(" ")
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url[:200]!r} is no http:// or https:// address of a witness")
        return cls(url, WitnessKey.parse(key), home)

    def send(self, note: str) -> None:
        """Have it vouched for. Raises Refused, OSError, BadNote."""
        origin, size, root = note.split("\n")[:3]
        checkpoint = Checkpoint(origin, int(size), base64.b64decode(root))
        status, text, kind = self._ask(note, checkpoint.size)
        if status == 409 and kind == SIZE_TYPE:
            # It knows better how far it got: another daemon of the same log, or an answer that was lost.
            self._vouched = int(text)
            if self._vouched > checkpoint.size:
                raise Refused(f"the witness vouched for {self._vouched} records, and the log has {size}: it was cut")
            status, text, kind = self._ask(note, checkpoint.size)
        if status in (409, 422):
            raise Refused(f"the log is not what the witness vouched for at {self._vouched} records: {text.strip()}")
        if status != 200:
            raise Refused(f"the witness answered {status}: {text.strip()[:300]}")
        cosigned = note + text
        cosigned_at(cosigned, checkpoint, self._key)
        write_durably(self._kept, cosigned.encode())
        self._vouched = checkpoint.size

    def notes(self, origin: str) -> str:
        """The newest checkpoint that was vouched for; nothing when there is none. Raises OSError."""
        return self._kept.read_text(encoding="utf-8") if self._kept.exists() else ""

    def _ask(self, note: str, size: int) -> tuple[int, str, str]:
        old = min(self._vouched, size)
        proof = [base64.b64encode(one).decode() for one in consistency_proof(old, self._leaves.first(size))]
        body = "".join(f"{line}\n" for line in [f"old {old}", *proof, ""]) + note
        asked = urllib.request.Request(self._url, body.encode(), {"Content-Type": "text/plain"})  # noqa: S310 (http only)
        try:
            with urllib.request.urlopen(asked, timeout=SEND_SECONDS) as answer:  # noqa: S310
                return answer.status, answer.read(_MOST_BYTES).decode("utf-8", "replace"), ""
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(_MOST_BYTES).decode("utf-8", "replace")
            return error.code, said, error.headers.get_content_type()


class Leaves:
    """Leaf hashes of a log that grows, each read once; those of pruned records from what is left of them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: list[bytes] = []

    def first(self, size: int) -> list[bytes]:
        """The first `size` hashes, in order. Raises OSError, BadNote when the log has fewer."""
        if len(self._known) < size:
            self._read()
        if len(self._known) < size:
            raise BadNote(f"the log has {len(self._known)} records, not the {size} of its checkpoint")
        return self._known[:size]

    def _read(self) -> None:
        found = segments(self._directory)
        if not self._known and found and found[0][0]:
            self._known = read_leaves(self._directory, found[0][0])
        for number, (first, path) in enumerate(found):
            following = found[number + 1][0] if number + 1 < len(found) else None
            if following is not None and following <= len(self._known):
                continue
            with path.open("rb") as file:
                for seq, line in enumerate(iter(lambda: file.readline(MAX_LINE), b""), first):
                    if seq == len(self._known) and line.endswith(b"\n"):
                        self._known.append(hash_in(line))
