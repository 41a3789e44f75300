"""One bundle for each path, and all of them must be refused."""

from typing import Any

PATHS = [
    "SWEEP.C",
    "src/../policy/x.rego",
    "src\u2215x.h",
    "src\u200b/x.h",
    "src\u202ex.h",
    "cafe\u0301.h",
    "caf\u00e9.h",
    "GIT~1/config",
    "git~2",
    ".GIT/config",
    ".git /config",
    ".git./config",
    ".gi\u200ct/config",
    "a\nb.h",
    "a\rb.h",
    "a\\b.h",
    "..\\..\\x.h",
    "a:b.h",
    "a.h:stream",
    "%2e%2e/x.h",
    "~root/x.h",
    "$HOME/x.h",
    "a b.h",
    "-rf.h",
    "*.h",
    "a?.h",
    "{a,b}.h",
    "\x1b[31m.h",
    "\x7f.h",
    "\uff0e\uff0e/x.h",
    "a/\u2024\u2024/x.h",
    "/sweep.c",
    "./sweep.c",
]


def bundles() -> list[dict[str, Any]]:
    return [{"files": {path: {"text": "int x;"}}} for path in PATHS]
