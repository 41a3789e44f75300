"""What git reads from a tree by itself."""

from typing import Any


def bundles() -> list[dict[str, Any]]:
    attributes = {"text": "* filter=x diff=x merge=x\n"}
    bare = {
        "HEAD": {"text": "ref: refs/heads/main\n"},
        "config": {"text": "[core]\n\tbare = true\n\tfsmonitor = touch /tmp/ratchet-corpus-ran\n"},
        "hooks/post-checkout": {"mode": "100755", "text": "touch /tmp/ratchet-corpus-ran\n"},
    }
    return [
        {"files": {".gitattributes": attributes}},
        {"files": {"sub/.gitattributes": attributes}},
        {"files": {".gitconfig": attributes}},
        {"files": {f"vendor.git/{name}": entry for name, entry in bare.items()} | {".gitattributes": attributes}},
    ]
