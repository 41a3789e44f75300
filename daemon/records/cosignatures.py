"""Cosignatures: a witness's word that a checkpoint is the latest of one log that only ever grew.

Form as in C2SP `tlog-cosignature` (Ed25519, `cosignature/v1`): a further signature line of the note, `— <name>
base64(key id || timestamp || signature)` over the header, the time and the note's text, where key id = SHA-256(name ||
0x0A || 0x04 || public key)[:4]. A witness is named by a verifier key, `<name>+<key id in hex>+base64(0x04 || key)`.
"""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from daemon.records.notes import BadNote, Checkpoint

_KIND = b"\x04"
NAME = re.compile(r"[^\s+—]{1,100}")
"""What a witness may be called."""
_LINE = re.compile(r"— ([^ +\n]+) ([A-Za-z0-9+/]{102}==|[A-Za-z0-9+/]{103}=|[A-Za-z0-9+/]{104})")
_LENGTH = 4 + 8 + 64


class WitnessKey(NamedTuple):
    """A witness's name and public key."""

    name: str
    public: Ed25519PublicKey

    @property
    def id(self) -> bytes:
        """The four bytes that name the key in a signature line."""
        return sha256(self.name.encode() + b"\n" + _KIND + self.public.public_bytes_raw()).digest()[:4]

    def text(self) -> str:
        """The verifier key."""
        material = base64.b64encode(_KIND + self.public.public_bytes_raw()).decode()
        return f"{self.name}+{self.id.hex()}+{material}"

    @classmethod
    def parse(cls, text: str) -> WitnessKey:
        """From a verifier key. Raises ValueError."""
        name, _, rest = text.strip().partition("+")
        named, _, material = rest.partition("+")
        try:
            data = base64.b64decode(material, validate=True)
            key = cls(name, Ed25519PublicKey.from_public_bytes(data[1:]))
        except (binascii.Error, ValueError):
            data, key = b"", None
        if key is None or data[:1] != _KIND or not NAME.fullmatch(name) or key.id.hex() != named:
            raise ValueError(f"{text[:200]!r} is no witness's key of the form name+id+key (C2SP vkey of type 4)")
        return key


def cosign(checkpoint: Checkpoint, name: str, key: Ed25519PrivateKey, now: int) -> str:
    """The witness's signature line. `now`: Unix seconds."""
    signature = key.sign(_message(checkpoint, now))
    raw = WitnessKey(name, key.public_key()).id + now.to_bytes(8, "big") + signature
    return f"— {name} {base64.b64encode(raw).decode()}\n"


def cosigned_at(note: str, checkpoint: Checkpoint, witness: WitnessKey) -> int:
    """When the witness vouched for the checkpoint of this note, in Unix seconds. Raises BadNote when it did not."""
    for line in note.partition("\n\n")[2].splitlines():
        found = _LINE.fullmatch(line)
        if found is None or found[1] != witness.name:
            continue
        raw = base64.b64decode(found[2])
        if len(raw) != _LENGTH or raw[:4] != witness.id:
            continue
        now = int.from_bytes(raw[4:12], "big")
        try:
            witness.public.verify(raw[12:], _message(checkpoint, now))
        except InvalidSignature:
            raise BadNote(f"the cosignature of {witness.name} does not fit") from None
        return now
    raise BadNote(f"no cosignature of {witness.name}")


def _message(checkpoint: Checkpoint, now: int) -> bytes:
    return f"cosignature/v1\ntime {now}\n{checkpoint.text()}".encode()
