"""From answers to files: the asked form, the forms that models give instead, and anything at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.daemon.agent.genome import load, parse

BadAnswer = load("answers").BadAnswer

FILES = {"a.c": "one\ntwo\nthree\ntwo\n", "src/b.py": "x = 1\n"}


def block(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n"


def test_the_asked_form() -> None:
    answer = (
        "HYPOTHESIS: better\n\na.c\n"
        + block("one", "ONE")
        + block("three\ntwo", "3\n2")
        + "src/b.py\n"
        + block("x = 1", "x = 2")
    )
    found = parse(answer, FILES)
    assert found.hypothesis == "better"
    assert found.files == {"a.c": "ONE\ntwo\n3\n2\n", "src/b.py": "x = 2\n"}


@pytest.mark.parametrize(
    "answer",
    [
        "**a.c**\n" + block("one", "ONE"),
        "a.c\n```\n" + block("one", "ONE") + "```\n```python\nan example\n```\n```\nunclosed",
        "### `a.c`:\n" + block("one", "ONE"),
        "File: a.c\n```c\n" + block("one", "ONE") + "```\n",
        "<think>\nother.c\n" + block("zzz", "y") + "</think>\na.c\n" + block("one", "ONE"),
        "a.c\r\n" + block("one", "ONE").replace("\n", "\r\n"),
        "a.c\n" + block("one  ", "ONE"),
        "a.c\n```\nONE\ntwo\nthree\ntwo\n```\n",
        "Sure! Here it is.\n\na.c\n\n```c\nONE\ntwo\nthree\ntwo\n```\nDone.",
    ],
)
def test_forms_that_models_give_instead(answer: str) -> None:
    assert parse(answer, FILES).files == {"a.c": "ONE\ntwo\nthree\ntwo\n"}


def test_one_file_needs_no_path() -> None:
    assert parse(block("x = 1", "x = 3"), {"b.py": "x = 1\n"}).files == {"b.py": "x = 3\n"}


def test_a_new_file() -> None:
    assert parse("new/c.h\n```c\n#define A\n```", FILES).files == {"new/c.h": "#define A\n"}
    assert parse("c.h\n" + block("", "#define A"), FILES).files == {"c.h": "#define A\n"}


def test_fences_inside_a_longer_fence_are_content() -> None:
    assert parse("r.md\n````\n```\ncode\n```\n````", FILES).files == {"r.md": "```\ncode\n```\n"}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("", "changes nothing"),
        ("I have no further answer.", "changes nothing"),
        ("```c\nno path above\n```", "changes nothing"),
        ("a.c\n" + block("two", "x"), "2 times in a.c.*neighbouring"),
        ("a.c\n" + block("oen", "x"), "nowhere in a.c.*closest line.*'one'"),
        ("a.c\n" + block("one", "one"), "changes nothing"),
        ("a.c\n<<<<<<< SEARCH\none\n=======\nONE", "not closed"),
        ("a.c\n<<<<<<< SEARCH\none", "not closed"),
        ("a.c\n```c\none", "cut off"),
        (block("one", "x"), "no file path"),
        ("z.c\n" + block("one", "x"), "no file z.c"),
        ("a.c\n" + block("", "x"), "SEARCH part for a.c is empty"),
    ],
)
def test_what_cannot_be_applied_is_explained(answer: str, problem: str) -> None:
    with pytest.raises(BadAnswer, match=problem):
        parse(answer, FILES)


pieces = st.sampled_from(
    [
        "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "```", "```c", "````", "a.c", "src/b.py", "../x", "/etc/passwd",
        "one", "two", "x = 1", "HYPOTHESIS: h", "<think>", "</think>", "", " ", "**a.c**", "File: q.c", "\r", "\x00",
        "\ud800",
    ]
)  # fmt: skip


@given(st.lists(pieces | st.text(max_size=20), max_size=30).map("\n".join))
def test_no_answer_crashes_it(answer: str) -> None:
    try:
        found = parse(answer, FILES)
    except BadAnswer as problem:
        assert str(problem)
        return
    assert found.files
    assert all(FILES.get(path) != text for path, text in found.files.items())
    assert all(text.encode() for text in found.files.values()) or "" in found.files.values()


@given(st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=12), st.data())
def test_an_applied_block_changes_what_it_names_only(lines: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(lines) - 1))
    end = data.draw(st.integers(start + 1, len(lines)))
    try:
        found = parse("f.c\n" + block("\n".join(lines[start:end]), "NEW"), {"f.c": "\n".join(lines)})
    except BadAnswer:
        places = [i for i in range(len(lines)) if lines[i : i + end - start] == lines[start:end]]
        assert len(places) > 1 or not any(lines[start:end])
        return
    assert found.files["f.c"].split("\n") == [*lines[:start], "NEW", *lines[end:]]
