"""A witness: vouches for the checkpoints of logs that it knows, each log only as it grew, and never for a fork.

The protocol is C2SP `tlog-witness`; any log that speaks it can ask, and our logs can ask any witness. It is meant to
run where the log's operator has no say. What it has cosigned last it keeps in one small file a log: all that it needs.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from daemon.records.cosignatures import cosign
from daemon.records.files import make_private, write_durably
from daemon.records.merkle import EMPTY_ROOT, BadProof, verify_consistency
from daemon.records.notes import BadNote, Checkpoint, read_note

_OLD = re.compile(r"old (0|[1-9][0-9]{0,17})")
_MOST_HASHES = 63
SIZE_TYPE = "text/x.tlog.size"


class Answer(NamedTuple):
    """An HTTP status, the body, and what the body is."""

    status: int
    text: str
    kind: str = "text/plain"


class Witness:
    """Thread-safe. One process at a time may use its folder."""

    def __init__(
        self,
        folder: Path,
        name: str,
        key: Ed25519PrivateKey,
        logs: Mapping[str, Ed25519PublicKey],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`logs` are the public keys of the logs that are vouched for, by origin."""
        self._folder = folder
        self._name = name
        self._key = key
        self._logs = dict(logs)
        self._clock = clock
        self._turn = threading.Lock()  # to look and to keep is one step
        make_private(folder)

    def add_checkpoint(self, body: bytes) -> Answer:
        """The answer to one request. Raises OSError when what it vouches for cannot be kept: then it does not vouch."""
        try:
            head, _, note = body.decode().partition("\n\n")
        except UnicodeDecodeError:
            return Answer(400, "not text\n")
        first, *lines = head.split("\n")
        old = _OLD.fullmatch(first)
        if old is None or len(lines) > _MOST_HASHES:
            return Answer(400, "a line `old SIZE`, at most 63 hashes, an empty line and a checkpoint are needed\n")
        key = self._logs.get(note.partition("\n")[0])
        if key is None:
            return Answer(404, "not one of the logs that this witness knows\n")
        try:
            checkpoint = read_note(note, key)
            proof = [base64.b64decode(line, validate=True) for line in lines]
        except BadNote as error:
            return Answer(403, f"{error}\n")
        except binascii.Error:
            return Answer(422, "a hash of the proof is not base64\n")
        with self._turn:
            return self._cosign(int(old[1]), checkpoint, proof)

    def _cosign(self, old: int, new: Checkpoint, proof: list[bytes]) -> Answer:
        if old > new.size:
            return Answer(400, "the old size is above the new one\n")
        size, root = self._last(new.origin)
        if old != size or (size == new.size and size and root != new.root):
            return Answer(409, f"{size}\n", SIZE_TYPE)
        try:
            if size:
                verify_consistency(size, new.size, root, new.root, proof)
            elif proof or (not new.size and new.root != EMPTY_ROOT):
                raise BadProof("a first checkpoint has no proof, and an empty log one root")
        except BadProof as error:
            return Answer(422, f"not grown from what was cosigned: {error}\n")
        kept = {"origin": new.origin, "size": new.size, "root": base64.b64encode(new.root).decode()}
        write_durably(self._path(new.origin), json.dumps(kept).encode())
        return Answer(200, cosign(new, self._name, self._key, int(self._clock())))

    def _last(self, origin: str) -> tuple[int, bytes]:
        try:
            kept = json.loads(self._path(origin).read_bytes())
        except FileNotFoundError:
            return 0, EMPTY_ROOT
        return int(kept["size"]), base64.b64decode(kept["root"])

    def _path(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()}.json"
