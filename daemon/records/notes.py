"""Checkpoints: signed notes that say how long the audit log was and what its Merkle root was.

Text form as in C2SP `tlog-checkpoint` and `signed-note`: origin, size, base64 root, an empty line, and one signature
line `— <name> base64(key id || signature)`, where key id = SHA-256(name || 0x0A || 0x01 || public key)[:4]. In the
checkpoints file an empty line follows each note.
"""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_NAME = "ratchet-audit"
LINES = 5
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_SIGNATURE = re.compile(r"— ([^ +\n]+) ([A-Za-z0-9+/]{91}=)")
_WHOLE = (rb"[!-~]+", rb"[0-9]+", rb"[A-Za-z0-9+/]{43}=", rb"")
_CUT = (rb"[!-~]*", rb"[0-9]*", rb"[A-Za-z0-9+/]{0,43}=?", rb"")
_START = f"— {KEY_NAME} ".encode()


class BadNote(Exception):
    """A checkpoint that is malformed, or not signed by the key. The message says which."""


class Checkpoint(NamedTuple):
    """A statement about the log: its origin, number of records, and Merkle root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The signed part of the note."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_id(public: Ed25519PublicKey) -> bytes:
    """The four bytes that name the key in a signature line."""
    return sha256(KEY_NAME.encode() + b"\n\x01" + public.public_bytes_raw()).digest()[:4]


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note, five lines."""
    text = checkpoint.text()
    signature = base64.b64encode(key_id(key.public_key()) + key.sign(text.encode())).decode()
    return f"{text}\n— {KEY_NAME} {signature}\n"


def read_note(note: str, public: Ed25519PublicKey) -> Checkpoint:
    """The checkpoint in a signed note (further signature lines, of witnesses, are ignored). Raises BadNote."""
    body, gap, signatures = note.partition("\n\n")
    lines = body.split("\n")
    if not gap or len(lines) != LINES - 2 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise BadNote("not a checkpoint: origin, size, root, an empty line, and a signature are needed")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error:
        root = b""
    checkpoint = Checkpoint(lines[0], int(lines[1]), root)
    if len(root) != 32 or checkpoint.text() != body + "\n":
        raise BadNote("not a checkpoint: the root is not 32 bytes in base64")
    for line in signatures.rstrip("\n").split("\n"):
        found = _SIGNATURE.fullmatch(line)
        if found and found[1] == KEY_NAME:
            raw = base64.b64decode(found[2])
            if base64.b64encode(raw).decode() != found[2]:
                raise BadNote("the signature is not in canonical base64")
            _check_signature(checkpoint, raw, public)
            return checkpoint
    raise BadNote(f"no signature by {KEY_NAME}")


def _check_signature(checkpoint: Checkpoint, raw: bytes, public: Ed25519PublicKey) -> None:
    if raw[:4] != key_id(public):
        raise BadNote("signed by another key")
    try:
        public.verify(raw[4:], checkpoint.text().encode())
    except InvalidSignature:
        raise BadNote("the signature does not fit") from None


def split_notes(data: bytes) -> tuple[list[str], bytes]:
    """The notes of a checkpoints file, and the beginning of one that a crash cut short at the end (empty if none).

    Raises BadNote when the file has lost its form otherwise.
    """
    lines = data.split(b"\n")
    step = LINES + 1
    whole, over = divmod(len(lines) - 1, step)
    if over == LINES and not lines[-1]:
        # Only the separator is missing: the note itself is whole.
        lines, whole, over = [*lines, b""], whole + 1, 0
    notes = []
    for at in range(0, whole * step, step):
        if lines[at + LINES]:
            raise BadNote("the checkpoints file has lost its form")
        try:
            notes.append(b"\n".join([*lines[at : at + LINES], b""]).decode())
        except UnicodeDecodeError:
            raise BadNote("the checkpoints file is not text") from None
    rest = b"\n".join(lines[whole * step :])
    if not _is_cut(rest):
        raise BadNote("the checkpoints file ends in something that is no checkpoint")
    return notes, rest


def _is_cut(rest: bytes) -> bool:
    """Whether `rest` can be the beginning of a note."""
    *lines, last = rest.split(b"\n")
    if len(lines) > len(_WHOLE) or not all(map(re.fullmatch, _WHOLE, lines)):
        return False
    if len(lines) < len(_CUT):
        return re.fullmatch(_CUT[len(lines)], last) is not None
    signature = re.fullmatch(rb"[A-Za-z0-9+/]{0,91}=?", last.removeprefix(_START))
    return _START.startswith(last) or (last.startswith(_START) and signature is not None)
