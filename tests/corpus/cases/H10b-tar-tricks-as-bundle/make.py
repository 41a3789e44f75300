"""One bundle for each kind of member."""

from typing import Any


def bundles() -> list[dict[str, Any]]:
    names = ["../up", "/tmp/ratchet-corpus-ran", "a/../../up", "./a", "a//b", "a/"]
    modes = ["120000", "020644", "010644", "060644", "040000", "104755", "000000", "100666"]
    return [{"files": {name: {"text": "x"}}} for name in names] + [
        {"files": {"a": {"text": "/etc/shadow", "mode": mode}}} for mode in modes
    ]
