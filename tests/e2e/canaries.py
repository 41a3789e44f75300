"""Secrets that are planted where a daemon could meet them, and a search that knows them in every dress.

Every canary of a session holds one marker that stands nowhere else, so that looking for the marker finds all of them.
"""

from __future__ import annotations

import base64
import re
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from tests.e2e.house import Daemon

VARIABLES = (
    "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AZURE_API_KEY", "GEMINI_API_KEY", "HF_TOKEN", "GITHUB_TOKEN",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "DB_PASSWORD", "SMTP_PASSWD", "VAULT_CREDENTIAL", "PROXY_AUTH",
    "RATCHET_OPA_TOKEN", "INNOCENT_NAME",
)  # fmt: skip
"""Where in the daemon's environment. The last one has a name that nobody would take for a secret's."""
FILES = (
    ".env", "home/.netrc", "home/.git-credentials", "home/.aws/credentials", "home/.docker/config.json",
    "home/.ssh/id_ed25519", "home/.config/gcloud/credentials.json", "home/.kube/config", "state/keys/provider.key",
    "state/keys/backup.pem",
)  # fmt: skip
"""Where among the files that only the daemon may read, from its own folder. One more is in `ratchet.toml`."""


class Canaries:
    """Twenty-five secrets of one session. `by_place` says which stands where."""

    def __init__(self) -> None:
        self.marker = "cn+" + secrets.token_hex(8)
        places = (*VARIABLES, *FILES, "ratchet.toml")
        self.by_place = {
            place: f"{secrets.token_hex(3)}/{self.marker}={number}x" for number, place in enumerate(places)
        }

    def environment(self, folder: Path) -> dict[str, str]:
        """Variables for the daemon of `folder`, whose home is planted too."""
        return {"HOME": str(folder / "home"), **{name: self.by_place[name] for name in VARIABLES}}

    def plant(self, folder: Path, model: str, address: str) -> None:
        """Write the files. The one in `ratchet.toml` is the key of `model`, which is served at `address`."""
        for name in FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"secret = {self.by_place[name]}\n")
            (folder / name).chmod(0o600)
        key = self.by_place["ratchet.toml"]
        entry = f'[[models]]\nname = "{model}"\napi_base = "{address}"\napi_key = "{key}"\n'
        (folder / "ratchet.toml").write_text(f"{entry}price = {{ input = 1000000, output = 1000000 }}\n")


def _base64(text: str) -> Iterator[bytes]:
    """What a text always looks like inside base64, at each of the three places where it may begin."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + text.encode())
        whole = encoded[-(-before * 8 // 6) : (before + len(text)) * 8 // 6]
        yield whole
        yield whole.replace(b"+", b"-").replace(b"/", b"_")


DRESSES: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()),
    "hex": lambda text: text.encode().hex().encode(),
    "capital hex": lambda text: text.encode().hex().upper().encode(),
    "URL": lambda text: quote(text, safe="").encode(),
    "URL, every letter": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()).encode(),
    "reversed": lambda text: text[::-1].encode(),
    "lines": lambda text: "\n".join(text[at : at + 5] for at in range(0, len(text), 5)).encode(),
    "JSON lines": lambda text: "\\n".join(text[at : at + 5] for at in range(0, len(text), 5)).encode(),
    "base64 in lines": lambda text: base64.encodebytes(text.encode() * 3),
}
"""Ways in which a secret may be written down."""


def found(marker: str, data: bytes) -> bool:
    """Whether any dress of a text with this marker is in the data."""
    needles = {
        marker.encode(), marker[::-1].encode(), marker.encode().hex().encode(), quote(marker, safe="").encode().lower(),
        "".join(f"%{byte:02x}" for byte in marker.encode()).encode(),
    }  # fmt: skip
    squeezed = re.sub(rb"\\[nrt]|\s", b"", data)
    small, exact = (data.lower(), squeezed.lower()), (data, squeezed)
    return any(needle in text for needle in needles for text in small) or any(
        needle in text for needle in _base64(marker) for text in exact
    )


def places(daemon: Daemon) -> Iterator[tuple[str, bytes]]:
    """Everything that a daemon wrote, by kind of place; what was planted itself is left out."""
    for path in sorted(daemon.state.rglob("*")):
        inside = path.relative_to(daemon.folder).as_posix()
        if path.is_file() and inside not in FILES:
            yield path.relative_to(daemon.state).parts[0].removesuffix("-wal"), path.read_bytes()
    yield "log", daemon.log.read_bytes()
    objects = ["git", "--git-dir", str(daemon.state / "archive.git"), "cat-file", "--batch", "--batch-all-objects"]
    yield "git", subprocess.run(objects, capture_output=True, check=True).stdout
    yield "metrics", daemon.metrics()
    for workflow in daemon.workflows():
        yield "history", daemon.temporal("workflow", "show", "-w", workflow, "-o", "json").stdout.encode()
