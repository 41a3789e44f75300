"""The daemon's Ed25519 signing key: a private PEM file that only its owner may read, and a public one beside it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from daemon.records.files import create_once, make_private, write_durably


class BadKey(Exception):
    """A key file that is missing, damaged, of another kind, or readable by others. The message says what to do."""


def public_path(private: Path) -> Path:
    """Where the public half of `private` is kept: the same name with `.pub` added."""
    return private.with_name(private.name + ".pub")


def ensure_signing_key(path: Path) -> Ed25519PublicKey:
    """Create the key pair unless `path` exists; returns the public key. Safe when several processes start at once.

    Raises BadKey when the existing key is unusable or the directory cannot be written.
    """
    try:
        make_private(path.parent)
        if not path.exists():
            _create(path)
        key = load_signing_key(path).public_key()
        if not public_path(path).exists():
            write_durably(public_path(path), _public_pem(key), mode=0o644)
    except OSError as error:
        raise BadKey(f"keys: cannot write {path}: {error.strerror}") from error
    return key


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """The private key in `path`. Raises BadKey as `read_private` does."""
    data = read_private(path)
    try:
        key = forms.load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"keys: {path} is no unencrypted private key in PEM form") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"keys: {path} is not an Ed25519 key")
    return key


def read_private(path: Path) -> bytes:
    """What a key file holds. Raises BadKey; a link, or a file that group or others may read, is refused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BadKey(f"keys: {path} is missing; `ratchet up` creates it, or restore it from a backup") from None
    except OSError as error:
        raise BadKey(f"keys: cannot read {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode) or stat.S_IMODE(facts.st_mode) & 0o077:
            raise BadKey(f"keys: others may read {path}; run: chmod 600 {path}")
        return file.read(65536)


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The public key in `path` (PEM). Raises BadKey."""
    try:
        key = forms.load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise BadKey(f"keys: cannot read {path}: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey(f"keys: {path} is no public key in PEM form") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey(f"keys: {path} is not an Ed25519 key")
    return key


def _create(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    create_once(path, pem)


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
