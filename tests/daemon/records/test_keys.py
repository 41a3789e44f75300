"""Signing keys: private to their owner, made once, refused when they are not what they should be."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from daemon.records.keys import BadKey, ensure_signing_key, load_public_key, load_signing_key, public_path


def test_a_pair_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "audit.pem"
    public = ensure_signing_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(public_path(path).stat().st_mode) == 0o644
    assert sorted(found.name for found in path.parent.iterdir()) == ["audit.pem", "audit.pem.pub"]
    assert ensure_signing_key(path) == public == load_public_key(public_path(path))
    load_public_key(public_path(path)).verify(load_signing_key(path).sign(b"text"), b"text")


def test_a_lost_public_half_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "audit.pem"
    public = ensure_signing_key(path)
    public_path(path).unlink()
    assert ensure_signing_key(path) == public == load_public_key(public_path(path))


def test_those_who_start_at_once_get_one_key(tmp_path: Path) -> None:
    path = tmp_path / "audit.pem"
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(ensure_signing_key(path).public_bytes_raw())) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12 and len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "audit.pem"
    ensure_signing_key(path)
    path.chmod(mode)
    with pytest.raises(BadKey, match="run: chmod 600"):
        load_signing_key(path)


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audit.pem"
    with pytest.raises(BadKey, match="missing"):
        load_signing_key(path)
    with pytest.raises(BadKey, match="cannot read"):
        load_public_key(path)
    ensure_signing_key(tmp_path / "real")
    path.symlink_to(tmp_path / "real")
    with pytest.raises(BadKey, match="cannot read"):
        load_signing_key(path)
    path.unlink()
    path.write_text("noise")
    path.chmod(0o600)
    with pytest.raises(BadKey, match="PEM form"):
        load_signing_key(path)
    with pytest.raises(BadKey, match="PEM form"):
        load_public_key(path)
    other = generate_private_key(SECP256R1())
    path.write_bytes(other.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()))
    with pytest.raises(BadKey, match="not an Ed25519 key"):
        load_signing_key(path)
    path.write_bytes(other.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(BadKey, match="not an Ed25519 key"):
        load_public_key(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadKey, match="cannot write"):
        ensure_signing_key(tmp_path / "file" / "audit.pem")
