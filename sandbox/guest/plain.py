"""Candidates in Python that are called by name with plain values: one JSON text in, one JSON text out.

A request is {"call": name, "args": […]}, or {"new": class or null, "args": […], "steps": [[name, …], …]}: calls in
turn on one object (or on the module). An outcome is {"value": …} or {"raised": [class names], "text": …}.
"""

from __future__ import annotations

import json

from .failure import Failure
from .memory import Memory
from .python import load_module, story

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DEPTH = 50
"""Deepest nesting of an answer."""


def load_plain(root: str, file: str, memory: Memory) -> Callable[[list[dict[str, Any]], list[dict[str, Any]]], None]:
    """Import the candidate's file; which function is called, each request says."""
    module = load_module(root, file)

    def call(arguments: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
        request = json.loads(read_text(arguments, memory))
        write_text(_carry_out(module, request), outputs, memory)

    return call


def read_text(arguments: list[dict[str, Any]], memory: Memory) -> bytes:
    """The request: the one input array, byte by byte."""
    start, (size,) = arguments[0]["in"], arguments[0]["shape"]
    return bytes(memory.inputs[start : start + size])


def write_text(answer: dict[str, Any], outputs: list[dict[str, Any]], memory: Memory) -> None:
    """The answer as JSON in the one output array, filled up with blanks. Raises Failure when it does not fit."""
    start, (size,) = outputs[0]["at"], outputs[0]["shape"]
    try:
        data = json.dumps(answer, allow_nan=False).encode("ascii")
    except (ValueError, RecursionError) as error:
        raise Failure("bad-output", f"the answer is not plain JSON: {error}") from error
    if len(data) > size:
        raise Failure("bad-output", f"the answer takes {len(data)} bytes, more than {size}")
    memory.outputs[start : start + size] = data.ljust(size)


def _carry_out(module: Any, request: dict[str, Any]) -> dict[str, Any]:
    if "steps" not in request:
        return _outcome(module, request["call"], request["args"])
    owner = module
    if request["new"] is not None:
        try:
            owner = _member(module, request["new"])(*request["args"])
        except Exception as error:
            return _raised(error)
    return {"value": [_outcome(owner, name, args) for name, *args in request["steps"]]}


def _outcome(owner: Any, name: str, args: list[Any]) -> dict[str, Any]:
    try:
        value = _member(owner, name)(*args)
    except Failure:
        raise
    except Exception as error:
        return _raised(error)
    return {"value": _plain(value, DEPTH)}


def _member(owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError as error:
        raise Failure("exception", f"there is no {name!r}") from error


def _raised(error: Exception) -> dict[str, Any]:
    names = [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, Exception)]
    return {"raised": names, "text": story(error)}


def _plain(value: Any, depth: int) -> Any:
    """The value in JSON's own types; what has none is the candidate's fault. Tuples count as lists."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if depth == 0:
        raise Failure("bad-output", f"the answer is nested deeper than {DEPTH}")
    if kind in (list, tuple):
        return [_plain(item, depth - 1) for item in value]
    if kind is dict and all(type(key) is str for key in value):
        return {key: _plain(item, depth - 1) for key, item in value.items()}
    raise Failure("bad-output", f"the answer holds {kind.__name__}, which is no plain value (keys must be text)")
