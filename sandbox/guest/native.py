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

    def call(arguments: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
        function(*[_argument(argument, memory) for argument in arguments])

    return call


def _argument(argument: dict[str, Any], memory: Memory) -> Any:
    if "in" in argument:
        return ctypes.c_void_p(memory.in_address + argument["in"])
    if "out" in argument:
        return ctypes.c_void_p(memory.out_address + argument["out"])
    value = argument["value"]
    return ctypes.c_double(value) if isinstance(value, float) else ctypes.c_int(value)
