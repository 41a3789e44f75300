"""Sealing payloads, and the file of keys."""

from __future__ import annotations

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload

from daemon.codec_server import application
from daemon.encryption import ENCODING, KEY_ID, Keys, Sealing, converter
from daemon.records.keys import BadKey
from workflows.converter import data_converter

PAYLOADS = st.builds(Payload, metadata=st.dictionaries(st.text(max_size=9), st.binary(max_size=9)), data=st.binary())


def keys(*names: str) -> Keys:
    return Keys({name: name.encode().ljust(32, b".") for name in names})


@given(st.lists(PAYLOADS, max_size=4))
async def test_what_is_sealed_is_opened_and_shows_nothing(payloads: list[Payload]) -> None:
    codec = Sealing(keys("k1"))
    sealed = await codec.encode(payloads)
    assert await codec.decode(sealed) == payloads
    assert all(one.metadata == {"encoding": ENCODING, KEY_ID: b"k1"} for one in sealed)
    assert len({one.data for one in sealed}) == len(sealed), "the same text never looks the same"
    for given_, one in zip(payloads, sealed, strict=True):
        assert len(given_.data) < 12 or given_.data not in one.data


async def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    old = await Sealing(keys("old")).encode([Payload(data=b"x")])
    both = Sealing(keys("new", "old"))
    assert (await both.decode(old))[0].data == b"x"
    assert (await both.encode([Payload()]))[0].metadata[KEY_ID] == b"new"
    with pytest.raises(BadKey, match="'old', which is not in the file"):
        await Sealing(keys("new")).decode(old)


async def test_a_changed_payload_and_another_keys_name_are_refused() -> None:
    codec = Sealing(keys("a", "b"))
    (sealed,) = await codec.encode([Payload(data=b"text")])
    for change in (
        Payload(metadata=sealed.metadata, data=sealed.data[:-1] + bytes([sealed.data[-1] ^ 1])),
        Payload(metadata=sealed.metadata, data=sealed.data[:5]),
        Payload(metadata={**sealed.metadata, KEY_ID: b"b"}, data=sealed.data),
    ):
        with pytest.raises(BadKey, match="was changed"):
            await codec.decode([change])


async def test_what_is_not_sealed_is_read_as_it_is() -> None:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"{}")
    assert await Sealing(keys("k")).decode([plain]) == [plain]
    assert await Sealing(keys("k"), seals=False).encode([plain]) == [plain]


def test_keys_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "payload"
    assert converter(path, seals=False) is data_converter
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: converter(path, seals=True), range(16)))
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert len(text.splitlines()) == 1 and len(made) == 16
    assert converter(path, seals=False).payload_codec is not None
    path.chmod(0o644)
    with pytest.raises(BadKey, match="chmod 600"):
        converter(path, seals=True)
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no key"),
        ("# none yet\n\n", "holds no key"),
        ("a QUJD\n", "line 1"),
        (f"a {base64.b64encode(bytes(32)).decode()}\na {base64.b64encode(bytes(32)).decode()}\n", "line 2"),
        ("a not base64 at all\n", "line 1"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "line 1"),
    ],
)
def test_a_spoilt_file_of_keys_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "payload"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(descriptor, text.encode("latin-1"))
    os.close(descriptor)
    with pytest.raises(BadKey, match=told):
        Keys.read(path)


async def test_the_codec_server_answers_only_who_has_its_word() -> None:
    async with TestClient(TestServer(application(Sealing(keys("k")), "word"))) as client:
        asked = {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "e30="}]}
        for headers in ({}, {"Authorization": "other"}, {"Authorization": "wörd"}):
            assert (await client.post("/decode", json=asked, headers=headers)).status == 401
        right = {"Authorization": "word"}
        sealed = await (await client.post("/encode", json=asked, headers=right)).json()
        assert sealed["payloads"][0]["metadata"][KEY_ID] == base64.b64encode(b"k").decode()
        opened = await client.post("/decode", json=sealed, headers=right)
        assert await opened.json() == asked
        for body in (b"", b"{", b'{"payloads": 1}', b"\xff"):
            assert (await client.post("/decode", data=body, headers=right)).status == 400
        sealed["payloads"][0]["data"] = "e30="
        spoilt = await client.post("/decode", json=sealed, headers=right)
        assert spoilt.status == 400 and "was changed" in await spoilt.text()
