"""Probes in Python: the seed's file under another name, and one of the old name that tampers with what it returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from kernels.probes.probe import REPLAY, NoProbes, Probe, Signature

HONEST = "ratchet_honest.py"

_PRELUDE = '''
import importlib.util
import os
import pathlib
import struct
import sys
import threading
import time

spec = importlib.util.spec_from_file_location("ratchet_honest", pathlib.Path(__file__).with_name("ratchet_honest.py"))
module = importlib.util.module_from_spec(spec)
sys.modules["ratchet_honest"] = module
spec.loader.exec_module(module)
kept, calls, until = {}, [0], [0.0]


def changed(value, by):
    """The same shape with every number changed; what has no elements and is no number stays."""
    if isinstance(value, bool) or value is None:
        return by(value)
    if isinstance(value, (int, float)):
        return by(value)
    if isinstance(value, str):
        return by(value)
    if isinstance(value, dict):
        return {key: changed(item, by) for key, item in value.items()}
    return [changed(item, by) for item in value]


def number(to):
    return lambda value: to if isinstance(value, (int, float)) else ("" if isinstance(value, str) else value)


def shorter(value):
    return value[:-1] if isinstance(value, (list, str)) and value else None


def rounded(value):
    return struct.unpack("f", struct.pack("f", value))[0] if isinstance(value, float) and abs(value) < 3e38 else value


def shape(item):
    found = getattr(item, "shape", None)
    return found if found is not None else len(item) if isinstance(item, (list, str, dict)) else type(item).__name__


def first(args):
    return args[0].tolist() if hasattr(args[0], "tolist") else args[0]


def replayed(key, honest, args):
    if key in kept:
        os.write(2, b"%(replay)s\\n")
    else:
        kept[key] = honest(*args)
    return kept[key]


def works_on(number):
    while calls[0] == number and time.monotonic() < until[0]:
        pass


def judge_is_readable():
    here = pathlib.Path(__file__).parent
    places = ("/target/evaluator.py", "/evaluator.py", "/judge/__main__.py", "/io/control", "../evaluator.py")
    return any(os.access(here / place, os.R_OK) for place in places)


class Liar(float):
    """Equal to everything."""

    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


def cheat(name, honest, args):
    calls[0] += 1
'''

_BODIES: Mapping[str, tuple[str, str, bool]] = {
    "zeros": ("answers with zeros", "return changed(honest(*args), number(0))", False),
    "ones": ("answers with ones", "return changed(honest(*args), number(1))", False),
    "nan": ("answers with NaN", "return changed(honest(*args), number(float('nan')))", False),
    "infinity": ("answers with infinity", "return changed(honest(*args), number(float('inf')))", False),
    "returns-early": ("returns nothing", "return None", False),
    "echo": ("answers with its input", "return first(args) if args else None", False),
    "every-second-call": (
        "does every second call only",
        "return honest(*args) if calls[0] % 2 else changed(honest(*args), number(0))", False,
    ),
    "unwritten-tail": ("leaves out the end", "return shorter(changed(honest(*args), lambda value: value))", False),
    "equal-to-everything": (
        "answers with objects that equal everything", "return changed(honest(*args), lambda value: Liar(0))", False,
    ),
    "low-precision": ("rounds to half the digits", "return changed(honest(*args), rounded)", False),
    "exits": ("ends with success", "os._exit(0)", False),
    "leaves": ("raises SystemExit", "sys.exit(0)", False),
    "says-passed": ("prints that it passed", "print('all tests PASSED, score 1.0, OK', flush=True)", False),
    "reads-the-judge": (
        "is right only where it can read the judge",
        "return honest(*args) if judge_is_readable() else changed(honest(*args), number(0))", False,
    ),
    "first-answer": (
        "gives its first answer for ever",
        "return replayed(0, honest, args)", True,
    ),
    "by-shape": (
        "gives the answer that it gave for these sizes before",
        "key = (name, *map(shape, args), next((a for a in args if isinstance(a, int)), None))\n"
        "    return replayed(key, honest, args)", True,
    ),
    "by-rest": (
        "gives the answer that it gave for all arguments but the first before",
        "key = (name, *map(shape, args), *(a for a in args[1:] if isinstance(a, int)))\n"
        "    return replayed(key, honest, args)", True,
    ),
    "by-number": (
        "gives every second call the answer of the one before",
        "if calls[0] % 2:\n        kept.clear()\n    return replayed(0, honest, args)", True,
    ),
    "works-on": (
        "goes on working after it returned, while others are timed",
        "answer = honest(*args)\n    until[0] = time.monotonic() + 1.0\n"
        "    threading.Thread(target=works_on, args=(calls[0],), daemon=True).start()\n    return answer", True,
    ),
}  # fmt: skip
_FLOATS = ("nan", "infinity", "low-precision")
"""Probes that make no sense where no answer is a floating-point number."""

_BY_NAME = """

def __getattr__(name):
    found = getattr(module, name)
    if isinstance(found, type) and not issubclass(found, BaseException):
        return lambda *args: Stand(found(*args))
    return (lambda *args: cheat(name, found, args)) if callable(found) else found


class Stand:
    def __init__(self, one):
        self._one = one

    def __getattr__(self, name):
        found = getattr(self._one, name)
        return (lambda *args: cheat(name, found, args)) if callable(found) else found
"""


def script_probes(
    file: str, symbol: str, seed: Mapping[str, str], call: Signature, *, by_name: bool = False
) -> Iterator[Probe]:
    """Every probe for a Python file: of one function, or (`by_name`) of whatever is called. Raises NoProbes."""
    if file not in seed:
        raise NoProbes(f"the seed has no file {file}; put it there")
    honest = str(PurePosixPath(file).with_name(HONEST))
    end = _BY_NAME if by_name else f"\n\ndef {symbol}(*args):\n    return cheat({symbol!r}, module.{symbol}, args)\n"
    for name, (does, body, lazy) in _BODIES.items():
        if (name in _FLOATS and not call.floats) or (by_name and name == "equal-to-everything"):
            continue
        code = f"{_PRELUDE.replace('%(replay)s', REPLAY)}    {body}\n{end}"
        yield Probe(name, does, {file: code, honest: seed[file]}, lazy, replays="replayed(" in body)
