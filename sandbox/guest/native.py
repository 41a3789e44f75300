"""Candidates in C: a shared library, called in this process with pointers into the mapped regions."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .failure import Failure
from .memory import Memory


def load_native(
    path: Path, symbol: str, memory: Memory
) -> Callable[[list[dict[str, Any]], list[dict[str, Any]]], None]:
    """Open the library and bind its function. Ints are passed as C `int`, floats as `double`, arrays as pointers."""
    try:
        function = getattr(ctypes.CDLL(str(path)), symbol)
    except OSError as error:
        raise Failure("load", f"cannot load the library: {error}") from error
    except AttributeError as error:
        raise Failure("load", f"the library has no function {symbol}") from error
    function.restype = None
    places = address(memory.inputs), address(memory.outputs)

    def call(arguments: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
        function(*[_argument(argument, *places) for argument in arguments])

    return call


def address(region: memoryview) -> int:
    """Where a region lies. Of one that may only be read, ctypes has no word for it."""
    view = _PyBuffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(region), ctypes.byref(view), 0)
    place = view.buf
    if not place:
        raise MemoryError("a region is not mapped")
    return int(place)


def _argument(argument: dict[str, Any], inputs: int, outputs: int) -> Any:
    if "in" in argument:
        return ctypes.c_void_p(inputs + argument["in"])
    if "out" in argument:
        return ctypes.c_void_p(outputs + argument["out"])
    value = argument["value"]
    return ctypes.c_double(value) if isinstance(value, float) else ctypes.c_int(value)


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
