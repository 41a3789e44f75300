"""Payloads that Temporal keeps sealed: AES-256-GCM, with keys from a file of the state folder.

What a sealed payload looks like follows Temporal's own samples (encoding `binary/encrypted`, the key's id beside it).
Payloads that are not sealed are read as they are: people start and steer campaigns with the Temporal CLI, and campaigns
that began before go on.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from daemon.records.files import create_once, make_private
from daemon.records.keys import BadKey, read_private
from workflows.converter import data_converter

ENCODING = b"binary/encrypted"
KEY_ID = "encryption-key-id"
_NONCE = 12
_KEY = 32


class Keys:
    """Keys by their ids. The first seals; all of them open."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._first = next(iter(keys))
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}

    @classmethod
    def read(cls, path: Path) -> Keys:
        """From a file with a line `<id> <key in base64>` for each. Raises BadKey."""
        keys = {}
        for number, line in enumerate(read_private(path).decode("utf-8", "replace").splitlines(), 1):
            name, _, text = line.strip().partition(" ")
            if not name or name.startswith("#"):
                continue
            try:
                key = base64.b64decode(text, validate=True)
            except binascii.Error:
                key = b""
            if len(key) != _KEY or name in keys:
                raise BadKey(f"keys: line {number} of {path} is no new id with a key of {_KEY} bytes in base64")
            keys[name] = key
        if not keys:
            raise BadKey(f"keys: {path} holds no key; restore it from a backup, or remove it to begin anew")
        return cls(keys)

    def seal(self, data: bytes) -> tuple[str, bytes]:
        """The id of the newest key, and the data under it."""
        nonce = os.urandom(_NONCE)
        return self._first, nonce + self._ciphers[self._first].encrypt(nonce, data, self._first.encode())

    def open(self, name: str, data: bytes) -> bytes:
        """What was sealed. Raises BadKey when there is no such key, or it is not the one, or the data was changed."""
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise BadKey(f"keys: a payload is sealed with key {name[:40]!r}, which is not in the file of payload keys")
        try:
            return cipher.decrypt(data[:_NONCE], data[_NONCE:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise BadKey(f"keys: a payload sealed with key {name[:40]!r} was changed, or the key was") from error


class Sealing(PayloadCodec):
    """Seals what leaves this process (or only opens what comes, when not `seals`)."""

    def __init__(self, keys: Keys, *, seals: bool = True) -> None:
        super().__init__()
        self._keys = keys
        self._seals = seals

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See base class."""
        return [self._sealed(payload) for payload in payloads] if self._seals else list(payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See base class. Raises BadKey."""
        return [self._opened(payload) for payload in payloads]

    def _sealed(self, payload: Payload) -> Payload:
        name, data = self._keys.seal(payload.SerializeToString())
        return Payload(metadata={"encoding": ENCODING, KEY_ID: name.encode()}, data=data)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        name = payload.metadata.get(KEY_ID, b"").decode("utf-8", "replace")
        return Payload.FromString(self._keys.open(name, payload.data))


def converter(path: Path, *, seals: bool) -> DataConverter:
    """Ours, with the keys in `path` where there are any; with `seals` they are made when absent. Raises BadKey."""
    if seals:
        _ensure(path)
    elif not path.exists():
        return data_converter
    codec = Sealing(Keys.read(path), seals=seals)
    if not seals:
        return replace(data_converter, payload_codec=codec)
    # A failure's message and trace can quote anything; sealed, they are payloads like all others.
    return replace(
        data_converter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def _ensure(path: Path) -> None:
    line = f"{os.urandom(4).hex()} {base64.b64encode(os.urandom(_KEY)).decode()}\n"
    try:
        make_private(path.parent)
        create_once(path, line.encode())
    except OSError as error:
        raise BadKey(f"keys: cannot write {path}: {error.strerror}") from error
