"""Every file of .git that makes git run something."""

from typing import Any

RUN = "#!/bin/sh\ntouch /tmp/ratchet-corpus-ran\n"


def bundles() -> list[dict[str, Any]]:
    hooks = ["pre-commit", "post-commit", "post-checkout", "post-index-change", "reference-transaction", "fsmonitor"]
    settings = ["core.fsmonitor", "core.sshCommand", "core.pager", "diff.external", "core.editor", "alias.status"]
    made: list[dict[str, Any]] = [{"files": {f".git/hooks/{name}": {"mode": "100755", "text": RUN}}} for name in hooks]
    for setting in settings:
        section, key = setting.split(".")
        text = f"[{section}]\n\t{key} = touch /tmp/ratchet-corpus-ran\n"
        made += [{"files": {path: {"text": text}}} for path in (".git/config", "sub/.git/config", ".git")]
    return made
