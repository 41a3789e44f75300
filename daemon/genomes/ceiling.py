"""The ceiling of a version of the agent: what genome.toml may say, checked here and again in `policies/ratchet/genome`.

Nothing in genome.toml grants anything: the container, the gateway and the ledger hold their own limits. The ceiling
keeps a version from claiming more than people have looked at, and keeps limits out of its own hands.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, Protocol

FILE = "genome.toml"
FREE = ("name", "capabilities.tools")
"""Fields that a version may change, besides everything in `[behaviour]`."""
BEHAVIOUR = "behaviour."
MOST_TOOLS = 32
TOOL = re.compile(r"[a-z][a-z0-9_]{0,39}")
FORBIDDEN = frozenset({
    "network", "http", "fetch", "download", "upload", "socket", "shell", "bash", "sudo", "ssh", "docker", "mount",
    "git", "policy", "judge", "ledger", "budget", "approve", "promote", "audit", "gateway", "secrets", "env",
})  # fmt: skip
"""Names that stand for what no tool of an agent can ever do; no policy data lets one of them in."""


class FileLike(Protocol):
    """A file's content."""

    @property
    def data(self) -> bytes: ...


def config(file: FileLike | None) -> str | None:
    """What a genome.toml says, as JSON; None when there is no readable file, or one that says what JSON cannot."""
    return None if file is None else _json(file.data)


@lru_cache(maxsize=16)
def _json(data: bytes) -> str | None:
    """Of each content once: every proposal of a campaign is made by the same few versions."""
    told = _read(data)
    try:
        return None if told is None else json.dumps(told)
    except (TypeError, ValueError, RecursionError):  # a date
        return None


def ceiling_facts(
    base: Mapping[str, FileLike], changed: Mapping[str, FileLike], deleted: Collection[str]
) -> dict[str, Any]:
    """What the edited tree's genome.toml says, against that of its parent: for the question `genome`."""
    after = {path: file for path, file in {**base, **changed}.items() if path not in deleted}
    old, new = _fields(base.get(FILE)), _fields(after.get(FILE))
    listed = new.pop("capabilities.tools", []) if new is not None else []
    tools = [str(tool)[:200] for tool in listed] if isinstance(listed, list) else []
    whole = isinstance(listed, list) and all(f"tools/{tool}.py" in after for tool in tools)
    fields = sorted(
        name
        for name in {*(old or {}), *(new or {})}
        if name not in FREE and not name.startswith(BEHAVIOUR) and _differs(old or {}, new or {}, name)
    )
    return {"readable": new is not None and whole, "tools": tools[:1000], "fields": [name[:200] for name in fields]}


def objections(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What the host refuses by itself, whatever policy data says."""
    found = []
    if not facts["readable"]:
        found.append("GENOME-UNREADABLE genome.toml cannot be read, or lists a tool that is not in tools/")
    found += [f"GENOME-FIELD {field} is not the agent's to change" for field in facts["fields"]]
    tools = facts["tools"]
    found += [f"GENOME-TOOL {tool!r} is not within the ceiling" for tool in tools if not _sound(tool)]
    if len(tools) > MOST_TOOLS or len(set(tools)) != len(tools):
        found.append(f"GENOME-TOOLS at most {MOST_TOOLS} tools, each once")
    return tuple(found)


def _sound(tool: str) -> bool:
    return TOOL.fullmatch(tool) is not None and tool not in FORBIDDEN


def _differs(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> bool:
    # By type as well: `true` for `1` is another value to somebody.
    return name not in old or name not in new or repr(old[name]) != repr(new[name])


def _fields(file: FileLike | None) -> dict[str, Any] | None:
    """Every value by its dotted path; None when there is no readable file."""
    told = None if file is None else _read(file.data)
    return None if told is None else dict(_flat("", told))


def _read(data: bytes) -> dict[str, Any] | None:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return None


def _flat(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in table.items():
        path = f"{prefix}{name}"
        found += _flat(f"{path}.", value) if isinstance(value, dict) and value else [(path, value)]
    return found
