"""The two shared files as memory: inputs mapped read-only, outputs mapped writable."""

from __future__ import annotations

import ctypes
import mmap
from pathlib import Path


class Memory:
    """Mapped regions; pages are brought in at once, so that no timed call pays for that."""

    def __init__(self, in_path: Path, in_size: int, out_path: Path, out_size: int) -> None:
        flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
        with in_path.open("rb") as file:
            self._in = mmap.mmap(file.fileno(), in_size, flags=flags, prot=mmap.PROT_READ)
        with out_path.open("r+b") as file:
            self._out = mmap.mmap(file.fileno(), out_size, flags=flags, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        self.inputs = memoryview(self._in)
        self.outputs = memoryview(self._out)
        self.out_address = ctypes.addressof(ctypes.c_char.from_buffer(self._out))
        self.in_address = _address(self._in)


def _address(readable: mmap.mmap) -> int:
    """Address of a read-only buffer, which ctypes itself refuses to tell."""
    view = _PyBuffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(readable), ctypes.byref(view), 0)
    address = view.buf
    if not address:
        raise MemoryError("the input region is not mapped")
    return int(address)


class _PyBuffer(ctypes.Structure):
    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    )
