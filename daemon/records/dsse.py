"""DSSE envelopes: a payload, its type, and Ed25519 signatures over both. Pure.

The form is the Dead Simple Signing Envelope, version 1: what is signed is `DSSEv1 SP len(type) SP type SP len(payload)
SP payload` with lengths in bytes as decimal text, so that a payload can never be taken for one of another type.
"""

from __future__ import annotations

import base64
import binascii
import json
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAX_BYTES = 4 * 1024 * 1024


class BadEnvelope(Exception):
    """No envelope, or none that the key signed. The message says which."""


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def key_id(public: Ed25519PublicKey) -> str:
    """A hint at the key: SHA-256 of its 32 bytes, in hex."""
    return sha256(public.public_bytes_raw()).hexdigest()


def seal(payload_type: str, payload: bytes, key: Ed25519PrivateKey) -> str:
    """The signed envelope as JSON text with a newline at its end."""
    signature = {"keyid": key_id(key.public_key()), "sig": _encode(key.sign(pae(payload_type, payload)))}
    envelope = {"payload": _encode(payload), "payloadType": payload_type, "signatures": [signature]}
    return json.dumps(envelope) + "\n"


def open_envelope(text: str, payload_type: str, public: Ed25519PublicKey) -> bytes:
    """The payload, when it has this type and one of the signatures is by this key. Raises BadEnvelope."""
    if len(text) > MAX_BYTES:
        raise BadEnvelope(f"an envelope has at most {MAX_BYTES} characters")
    try:
        envelope: Any = json.loads(text)
        kind, payload = envelope["payloadType"], _decode(envelope["payload"])
        signatures = [_decode(one["sig"]) for one in envelope["signatures"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise BadEnvelope("not a DSSE envelope: payload, payloadType and signatures in base64 are needed") from None
    if kind != payload_type:
        raise BadEnvelope(f"the payload is not of type {payload_type}")
    for signature in signatures:
        try:
            public.verify(signature, pae(payload_type, payload))
            return payload
        except InvalidSignature:
            continue
    raise BadEnvelope("not signed by this key")


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError("not text")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise ValueError("not canonical base64")
    return data
