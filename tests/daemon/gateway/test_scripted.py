"""The scripted model: line n for candidate n."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.gateway.local import LocalCall, LocalFault, answer
from daemon.gateway.scripted import REFUSAL


def ask(folder: Path, name: str, number: int, call: int = 0) -> str:
    facts = LocalCall(model=f"scripted/{name}", messages=[], seed=0, number=number, call=call, scripts=[str(folder)])
    return answer(facts)


def test_the_line_is_the_candidates_number(tmp_path: Path) -> None:
    (tmp_path / "story.jsonl").write_text('{"answer": "one"}\n{"answers": ["two", "two again"]}\n')
    assert [ask(tmp_path, "story", n) for n in (1, 2, 3)] == ["one", "two", "two"]
    assert [ask(tmp_path, "story", 2, call) for call in (0, 1, 2)] == ["two", "two again", "two again"]


def test_a_script_may_end_with_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "story.jsonl").write_text('{"answer": "one", "after": "refuse"}\n')
    assert [ask(tmp_path, "story", n) for n in (1, 2)] == ["one", REFUSAL]


@pytest.mark.parametrize(
    ("content", "problem"),
    [("", "has no lines"), ("{", "line 1"), ('{"answer": 1}', "answer"), ('{"anwser": "x"}', "anwser")],
)
def test_a_bad_script_is_explained(content: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text(content)
    with pytest.raises(LocalFault, match=problem):
        ask(tmp_path, "bad", 1)


@pytest.mark.parametrize("name", ["../etc/passwd", "a/b", "", "A", "x.jsonl", "nothing-there"])
def test_names_stay_in_the_folders(name: str, tmp_path: Path) -> None:
    with pytest.raises(LocalFault):
        ask(tmp_path, name, 1)


def test_the_hostile_script_ships_with_three_candidates(tmp_path: Path) -> None:
    texts = [ask(tmp_path, "hostile", n) for n in (1, 2, 3)]
    assert "evaluator.py" in texts[0]
    assert "1.0f" in texts[1]
    assert "fork()" in texts[2]
    assert ask(tmp_path, "hostile", 4) == REFUSAL


def chat(folder: Path, *texts: str, number: int = 1) -> str:
    messages = [{"role": "user", "content": text} for text in texts]
    facts = LocalCall(model="scripted/story", messages=messages, seed=0, number=number, call=0, scripts=[str(folder)])
    return answer(facts)


def test_a_rule_answers_the_prompt_that_it_fits_whoever_asks(tmp_path: Path) -> None:
    (tmp_path / "story.jsonl").write_text(
        '{"when": "examples:", "given": "task `a`", "answer": "solved"}\n'
        '{"given": "task", "answer": "more"}\n{"answer": "line one"}\n'
    )
    assert chat(tmp_path, "task `a`", "examples: 1") == "solved"
    assert chat(tmp_path, "task `a` examples: 1", "so?") == "more"
    assert chat(tmp_path, "task `b`", "examples: 1", number=7) == "more"
    assert chat(tmp_path, "something else") == "line one"


def test_rules_alone_refuse_what_fits_none(tmp_path: Path) -> None:
    (tmp_path / "story.jsonl").write_text('{"when": "x", "answer": "y"}\n')
    assert chat(tmp_path, "z") == REFUSAL


def test_a_rule_that_is_no_expression_is_explained(tmp_path: Path) -> None:
    (tmp_path / "story.jsonl").write_text('{"when": "(", "answer": "y"}\n')
    with pytest.raises(LocalFault, match=r"line 1.*no regular expression"):
        chat(tmp_path, "z")
