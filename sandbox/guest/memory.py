"""The two shared files as memory: inputs mapped read-only, outputs mapped writable."""

from __future__ import annotations

import mmap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike


class Memory:
    """Mapped regions; pages are brought in at once, so that no timed call pays for that."""

    def __init__(
        self, in_path: str | PathLike[str], in_size: int, out_path: str | PathLike[str], out_size: int
    ) -> None:
        flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
        with open(in_path, "rb") as file:
            self._in = mmap.mmap(file.fileno(), in_size, flags=flags, prot=mmap.PROT_READ)
        with open(out_path, "r+b") as file:
            self._out = mmap.mmap(file.fileno(), out_size, flags=flags, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        self.inputs = memoryview(self._in)
        self.outputs = memoryview(self._out)
