"""Envelopes as the DSSE specification words them, and nothing else."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from daemon.records.dsse import BadEnvelope, key_id, open_envelope, pae, seal

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KIND = "application/x"


def test_the_published_encoding() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("", b"") == b"DSSEv1 0  0 "
    assert pae("é", "é".encode()) == "DSSEv1 2 é 2 é".encode()


@given(st.binary(max_size=300), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_what_was_sealed_comes_out(payload: bytes, kind: str) -> None:
    assert open_envelope(seal(kind, payload, KEY), kind, KEY.public_key()) == payload


@given(st.data())
def test_a_changed_payload_type_or_signature_is_refused(data: st.DataObject) -> None:
    envelope = json.loads(seal(KIND, b'{"a":1}', KEY))
    part = data.draw(st.sampled_from(["payload", "sig"]))
    holder = envelope if part == "payload" else envelope["signatures"][0]
    raw = bytearray(base64.b64decode(holder[part]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    holder[part] = base64.b64encode(raw).decode()
    with pytest.raises(BadEnvelope, match="not signed"):
        open_envelope(json.dumps(envelope), KIND, KEY.public_key())


def test_another_type_or_key_is_refused_and_a_second_signature_is_no_harm() -> None:
    other = Ed25519PrivateKey.generate()
    text = seal(KIND, b"x", KEY)
    with pytest.raises(BadEnvelope, match="not of type"):
        open_envelope(text, "application/y", KEY.public_key())
    with pytest.raises(BadEnvelope, match="not signed"):
        open_envelope(text, KIND, other.public_key())
    both = json.loads(text)
    both["signatures"].insert(0, json.loads(seal(KIND, b"x", other))["signatures"][0])
    for key in (KEY, other):
        assert open_envelope(json.dumps(both), KIND, key.public_key()) == b"x"
    assert {one["keyid"] for one in both["signatures"]} == {key_id(KEY.public_key()), key_id(other.public_key())}


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "[" * 5000, '{"payload": 1, "payloadType": "application/x", "signatures": []}',
     '{"payload": "eA=", "payloadType": "application/x", "signatures": []}',
     '{"payload": "eA==", "payloadType": "application/x", "signatures": {}}',
     '{"payload": "eA==", "payloadType": "application/x", "signatures": []}', " " * 5_000_000],
)  # fmt: skip
def test_what_is_no_envelope_is_refused(text: str) -> None:
    with pytest.raises(BadEnvelope):
        open_envelope(text, KIND, KEY.public_key())
