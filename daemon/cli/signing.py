"""Signatures of the person at the command line."""

from __future__ import annotations

from pathlib import Path

from daemon.cli.errors import BadInput


def signed(text: str, key: Path) -> str:
    """The text's armoured SSH signature by a key. Raises BadInput when it cannot be made."""
    from daemon.approvals import sign

    try:
        return sign(text, key)
    except RuntimeError as error:
        raise BadInput(str(error)) from error


def signed_or_given(text: str, key: Path | None, signature: Path | None, what: str) -> str:
    """The signature by the key, or the one that was made elsewhere. Raises BadInput, naming `what`, for neither."""
    if key is not None:
        return signed(text, key)
    if signature is not None:
        return signature.read_text()
    raise BadInput(f"{what} must be signed: give --key, or --signature made over what --statement prints")
