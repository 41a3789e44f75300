"""Every promise names a test that exists, or says that it is pending."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "SPECIFICATION.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([A-H]\d+) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
SECTIONS = {
    "A": (1, 18),
    "B": (19, 24),
    "C": (25, 33),
    "D": (34, 46),
    "E": (47, 57),
    "F": (58, 75),
    "G": (76, 87),
    "H": (88, 99),
}


@cache
def functions_of(file: str) -> frozenset[str]:
    """Names of the test functions in a file, `Class::name` for methods."""
    found: set[str] = set()
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        functions = [one for one in inner if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        found |= {prefix + one.name for one in functions if one.name.startswith("test_")}
    return frozenset(found)


def test_no_promise_is_left_out() -> None:
    expected = [f"{letter}{n}" for letter, (first, last) in SECTIONS.items() for n in range(first, last + 1)]
    assert [name for name, _, _ in ROWS] == expected


@pytest.mark.parametrize(("name", "promise", "held"), ROWS, ids=[name for name, _, _ in ROWS])
def test_a_promise_is_held_or_says_that_it_is_not(name: str, promise: str, held: str) -> None:
    assert promise.endswith(".")
    named = re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", held)
    assert named or held == "pending", f"{name}: name a test, or say pending"
    assert held.count("`") == 2 * len(named), f"{name}: something in backquotes is no test"
    for file, test in named:
        assert (ROOT / file).is_file(), f"{name}: no file {file}"
        assert test in functions_of(file), f"{name}: no test {test} in {file}"


def test_the_reader_of_this_file_reads() -> None:
    assert "test_no_promise_is_left_out" in functions_of("tests/test_specification.py")
    assert "test_no_such" not in functions_of("tests/test_specification.py")
