"""Gitlinks, and .gitmodules with a carriage return in the path."""

from typing import Any


def bundles() -> list[dict[str, Any]]:
    modules = '[submodule "a"]\n\tpath = "a\r"\n\turl = ext::sh -c "touch /tmp/ratchet-corpus-ran"\n'
    return [
        {"files": {"vendor": {"mode": "160000", "text": "1" * 40}}},
        {"files": {".gitmodules": {"text": modules}}},
        {"files": {"vendor": {"mode": "160000", "text": "1" * 40}, ".gitmodules": {"text": modules}}},
        {"files": {"a\r/hooks/post-checkout": {"mode": "100755", "text": "touch /tmp/ratchet-corpus-ran"}}},
    ]
