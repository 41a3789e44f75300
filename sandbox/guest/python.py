"""Candidates in Python: a function whose return value is written into the output region as plain numbers."""

from __future__ import annotations

import importlib.util
import math
import os.path
import struct
import sys

from .failure import Failure
from .memory import Memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any


def load_python(
    root: str, file: str, symbol: str, memory: Memory
) -> Callable[[list[dict[str, Any]], list[dict[str, Any]]], None]:
    """Import the candidate's file and bind its function. Arrays arrive as read-only memoryviews of their shape."""
    module = load_module(root, file)
    try:
        function = getattr(module, symbol)
    except AttributeError as error:
        raise Failure("load", story(error)) from error

    def call(arguments: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
        try:
            value = function(*[_argument(argument, memory) for argument in arguments])
        except Exception as error:
            raise Failure("exception", story(error)) from error
        parts = value if len(outputs) > 1 else (value,)
        try:
            for output, part in zip(outputs, parts, strict=True):
                _write(output, part, memory)
        except (TypeError, ValueError, OverflowError, struct.error) as error:
            raise Failure("bad-output", f"the return value does not fit: {error}") from error

    return call


def load_module(root: str, file: str) -> ModuleType:
    """Import a file of the candidate's tree, whose folder others of its files may be imported from."""
    sys.path.append(root)
    try:
        spec = importlib.util.spec_from_file_location(
            os.path.splitext(os.path.basename(file))[0], os.path.join(root, file)
        )
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} is not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    except Exception as error:
        raise Failure("load", story(error)) from error
    return module


def _argument(argument: dict[str, Any], memory: Memory) -> Any:
    if "in" not in argument:
        return argument["value"]
    shape, kind = argument["shape"], argument["kind"]
    size = math.prod(shape) * struct.calcsize(kind)
    start = argument["in"]
    return memory.inputs[start : start + size].cast("B").cast(kind, shape)


def _write(output: dict[str, Any], value: Any, memory: Memory) -> None:
    number = int if output["kind"] in "bBhHiIlLqQ?" else float
    values = [number(item) for item in _flat(value, output["shape"], "the value")]
    struct.pack_into(f"@{len(values)}{output['kind']}", memory.outputs, output["at"], *values)


def _flat(value: Any, shape: list[int], where: str) -> Iterator[Any]:
    if not shape:
        yield value
        return
    items = list(value)
    if len(items) != shape[0]:
        raise ValueError(f"{where} has {len(items)} items, not {shape[0]}")
    for index, item in enumerate(items):
        yield from _flat(item, shape[1:], f"{where}[{index}]")


def story(error: BaseException) -> str:
    """The candidate's part of a traceback: our own frames would teach nobody anything."""
    import traceback  # most candidates have none, and a runner's start counts

    return "".join(traceback.format_exception(error, limit=-3))[-2500:]
