"""The second wall: what a permitted edit still has to pass, checked by code that reads no policy data.

With it, neither emptied data nor a mistake in a rule lets an edit touch what judges, gates or runs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from daemon import paths
from daemon.decisions import Decision, Finding

_REMEDY = "Leave the file as it is; this rule stands in the daemon itself and no policy relaxes it."


def second_wall(decision: Decision, facts: Mapping[str, Any]) -> Decision:
    """The decision, turned into a denial when it permits an edit that the host refuses by itself."""
    if decision.question != "edit" or not decision.allow:
        return decision
    found = tuple(_objections(facts))
    return replace(decision, allow=False, deny=(*decision.deny, *found)) if found else decision


def _objections(facts: Mapping[str, Any]) -> Iterator[Finding]:
    kind = str(facts["target"]["kind"])
    for entry in facts["unsafe"]:
        yield _finding("HOST-UNSAFE", f"Refused by the host: {entry['rule']}.", str(entry["path"]))
    for change in facts["changes"]:
        path = str(change["path"])
        try:
            parts = paths.segments(path)
        except paths.UnsafePathError as error:
            yield _finding("HOST-PATH", f"The path is not plain: {error.rule}.", ascii(path)[1:-1][:200])
            continue
        if list(parts) != list(change["segments"]):
            yield _finding("HOST-PATH", "The path's parts are not those of the path.", path)
        if paths.protected(parts, kind):
            yield _finding("HOST-PROTECTED", "The file is protected everywhere.", path)
        if change["op"] != "delete" and change["mode"] not in paths.MODES:
            yield _finding("HOST-MODE", "Not a regular file.", path)


def _finding(code: str, msg: str, path: str) -> Finding:
    return Finding(code=code, title="Refused by the host", msg=msg, path=path, remedy=_REMEDY)
