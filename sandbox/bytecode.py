"""Compiled forms of our own programs, laid beside them, so that a container does not compile them at each start.

Only what came with the package is compiled here; whatever a model wrote is compiled where it runs. A cache is of the
kind that Python checks against the source's hash (PEP 552), and is named by its version: an image with another Python
does without.
"""

from __future__ import annotations

import importlib.util
import marshal
from collections.abc import Collection, Mapping
from functools import lru_cache

_CHECKED = 0b11
"""The flags of a cache that holds the hash of its source, and is used only if that is still right."""
_PLAIN = 2
"""The newest marshal format whose bytes do not depend on how often an object is referred to just now."""


def with_bytecode(files: Mapping[str, bytes], ours: Collection[bytes]) -> dict[str, bytes]:
    """The files by relative path, and a cache for each Python file whose content is one of `ours`."""
    caches = {}
    for path, source in files.items():
        if path.endswith(".py") and source in ours:
            caches[importlib.util.cache_from_source(path)] = compiled(source)
    return {**files, **caches}


@lru_cache(maxsize=256)
def compiled(source: bytes) -> bytes:
    """The cache of a source. The same source gives the same bytes. Raises SyntaxError."""
    # The importer puts the real path into the code when it loads it.
    code = compile(source, "<payload>", "exec", dont_inherit=True, optimize=0)
    flags = _CHECKED.to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(source) + marshal.dumps(code, _PLAIN)
