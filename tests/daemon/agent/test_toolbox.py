"""What a tool is, which may be used, and that none can break the loop."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.agent.genome import FOLDER, load, make_task

answers, toolbox, workspace = load("answers"), load("toolbox"), load("workspace")

TOOL = "USAGE = 'double N: twice N'\ndef run(workspace, call):\n    return str(2 * int(call.words[0]))\n"


@pytest.fixture
def place(tmp_path: Path) -> Any:
    return workspace.Workspace(make_task(context={"a paper": "text"}), tmp_path)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER / "tools", tmp_path / "tools"))


def call(name: str, *words: str) -> Any:
    return answers.Call(name, list(words))


def test_a_tool_is_a_file_and_a_word_in_the_list(tools: Path, place: Any) -> None:
    (tools / "double.py").write_text(TOOL)
    box = toolbox.Toolbox(["read", "double"], tools)
    assert box.run(place, call("double", "21")) == "42"
    assert "- `TOOL: double N` twice N" in box.usage()


def test_a_tool_that_is_not_in_the_list_cannot_be_used(tools: Path, place: Any) -> None:
    (tools / "double.py").write_text(TOOL)
    with pytest.raises(workspace.Trouble, match="no tool 'double'; there are: read"):
        toolbox.Toolbox(["read"], tools).run(place, call("double", "21"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gone", None),
        ("../read", None),
        ("Read", None),
        ("bad", "x ="),
        ("bare", "x = 1"),
        ("odd", "USAGE = 1\nrun = 1"),
    ],
)
def test_a_list_that_names_no_tool_is_a_bad_genome(name: str, text: str | None, tools: Path) -> None:
    if text is not None:
        (tools / f"{name}.py").write_text(text)
    with pytest.raises(toolbox.BadGenome):
        toolbox.Toolbox([name], tools)


@pytest.mark.parametrize("body", ["1 / 0", "raise KeyError('x')", "return 'y' * 10**6", "return None"])
def test_a_spoilt_tool_is_trouble_and_never_a_crash(body: str, tools: Path, place: Any) -> None:
    (tools / "spoilt.py").write_text(f"USAGE = ''\ndef run(workspace, call):\n    {body}\n")
    try:
        found = toolbox.Toolbox(["spoilt"], tools).run(place, call("spoilt"))
    except workspace.Trouble as trouble:
        found = str(trouble)
    assert len(found) < 10_000


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("read", "sum.c"), "int sum;\nint two;"),
        (("read", "sum.c", "2", "9"), "int two;"),
        (("search", "int", "t"), "sum.c:2: int two;"),
        (("search", "zzz"), "'zzz' occurs nowhere"),
        (("context",), "a paper (4 characters)"),
        (("context", "a", "paper"), "text"),
        (("build",), "there is nothing to build"),
        (("check",), "there are no visible checks; the judge has its own"),
        (("note", "so", "it", "is"), "kept"),
    ],
)
def test_what_the_tools_give(words: tuple[str, ...], expected: str, place: Any) -> None:
    assert toolbox.Toolbox([words[0]]).run(place, call(*words)) == expected


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("read",), "needs a path"),
        (("read", "x.c"), "there is no file x.c; there are: sum.c"),
        (("read", "sum.c", "one", "2"), "two line numbers"),
        (("read", "sum.c", "1"), "two line numbers"),
        (("search",), "needs a text"),
        (("note",), "needs a text"),
        (("context", "zzz"), "no background text 'zzz'"),
    ],
)
def test_calls_that_make_no_sense_say_why(words: tuple[str, ...], problem: str, place: Any) -> None:
    with pytest.raises((workspace.Trouble, answers.BadAnswer), match=problem):
        toolbox.Toolbox([words[0]]).run(place, call(*words))


def test_tool_lines_are_read_outside_of_blocks_only() -> None:
    text = "**TOOL: read a.c**\n```\nTOOL: search x\n```\na.c\n```\nTOOL: note no\n```\n- TOOL: `check`\n"
    found = answers.read(text, {"a.c": "", "b.c": ""})
    assert [(one.tool, one.words) for one in found.calls] == [("read", ["a.c"]), ("search", ["x"]), ("check", [])]
