"""Secrets that must not be written down: the daemon's own, by their value, and whatever looks like one.

Used on everything that is logged for people or for the record without being needed in full: inputs of policy decisions,
log lines, what a provider said when it failed. A removed text leaves its kind and a keyed fingerprint, so that two
places can be seen to have held the same secret, and nobody can find it by guessing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from daemon.secret_scan import KINDS

SECRET_NAMES = re.compile(r"(?i)(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTH)")
"""Environment variables whose value is a secret."""
PEM = re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|\Z)", re.DOTALL)
"""The whole block: its first line alone is what gives it away, not what has to go."""
SHORTEST = 8
"""Shorter values would be found everywhere."""


class Redactor:
    """Replaces secrets in texts and JSON values. Thread-safe; knows the values that it is given, and no others."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._salt = secrets.token_bytes(32)
        values = sorted({value for value in known if len(value) >= SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, values))) if values else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._known is not None:
            text = self._known.sub(lambda found: self._mark("known", found[0]), text)
        for kind, pattern in (("private key", PEM), *KINDS):
            text = pattern.sub(lambda found, kind=kind: self._mark(kind, found[0]), text)  # type: ignore[misc]
        return text

    def value(self, value: Any) -> Any:
        """A JSON value without secrets in its texts, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(inside) for key, inside in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inside) for inside in value]
        return value

    def _mark(self, kind: str, found: str) -> str:
        digest = hmac.new(self._salt, found.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
        return f"[secret: {kind}, {digest[:12]}]"


def in_environment(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Values of the environment that are secrets by their names."""
    return [value for name, value in environment.items() if SECRET_NAMES.search(name)]
