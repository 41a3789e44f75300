"""Several steps: look, edit, try, reflect; what the tools say comes back, and what stands is handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.daemon.agent.genome import load, make_task
from tests.daemon.agent.test_agent import talker

agent, model, prompting, workspace = load("agent"), load("model"), load("prompting"), load("workspace")

EDIT = "HYPOTHESIS: h\n\nsum.py\n```python\n{}\n```\n"
RIGHT, WRONG = EDIT.format("def add(a, b):\n    return a + b"), EDIT.format("def add(a, b):\n    return a - b")
CASES = [{"name": "two", "ask": {"call": "add", "args": [1, 2]}, "expect": 3}]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in the place of the container's memory."""
    monkeypatch.setattr(workspace, "WORK", tmp_path)


def make(calls: int = 4, **changes: Any) -> dict[str, Any]:
    task = make_task(checks={"file": "sum.py", "cases": CASES}, limits={"calls": calls, "max_tokens": 99}, **changes)
    task["parent"]["files"] = {"sum.py": "def add(a, b):\n    return 0\n"}
    task["target"]["editable"] = ["*.py"]
    return task


def last(chat: list[dict[str, str]]) -> str:
    return chat[-1]["content"]


def test_an_edit_that_fails_its_checks_is_thought_over() -> None:
    ask, sent = talker(WRONG, RIGHT)
    found = agent.Agent(make(), ask).run()
    assert found["files"]["sum.py"]["text"] == "def add(a, b):\n    return a + b\n"
    assert found["usage"] == {"calls": 2}
    assert "1 of 1 visible checks fail" in last(sent[1])
    assert "got -1, expected 3" in last(sent[1])


def test_tools_answer_and_the_edit_that_stands_is_handed_in() -> None:
    ask, sent = talker("TOOL: read sum.py 2 2\nTOOL: search add", f"{WRONG}\nTOOL: check", RIGHT)
    found = agent.Agent(make(), ask).run()
    assert (found["status"], found["usage"]) == ("proposed", {"calls": 3})
    assert "    return 0\n" in last(sent[1])
    assert "sum.py:1: def add(a, b):" in last(sent[1])
    assert "You may answer 3 more times" in last(sent[1])
    assert "visible checks fail" in last(sent[2])


def test_done_without_an_edit_of_its_own_hands_in_what_stands() -> None:
    ask, sent = talker(f"{RIGHT}\nTOOL: check\nTOOL: note carry the one", "It is done.")
    found = agent.Agent(make(), ask).run()
    assert (found["status"], len(sent), found["findings"]) == ("proposed", 2, ["carry the one"])


def test_what_stands_when_the_calls_end_is_handed_in_for_the_judge_to_decide() -> None:
    ask, sent = talker(WRONG)
    found = agent.Agent(make(calls=3), ask).run()
    assert (found["status"], len(sent)) == ("proposed", 3)


def test_what_stands_when_the_model_goes_away_is_handed_in() -> None:
    answers = [model.Reply(f"{RIGHT}\nTOOL: check", False)]

    def ask(messages: list[dict[str, str]], max_tokens: int, role: str) -> Any:
        if answers:
            return answers.pop()
        raise model.ModelError("budget", "used up")

    assert agent.Agent(make(), ask).run()["status"] == "proposed"


def test_only_looking_is_an_honest_failure() -> None:
    ask, _ = talker("TOOL: read sum.py")
    assert agent.Agent(make(), ask).run()["reason"].startswith("no-edit")


def test_one_call_is_asked_for_the_edit_alone() -> None:
    ask, sent = talker(RIGHT)
    found = agent.Agent(make(calls=1), ask).run()
    assert (found["status"], "TOOL" in sent[0][0]["content"]) == ("proposed", False)


def test_an_edit_may_go_on_from_the_last_one_or_start_over() -> None:
    follow = "sum.py\n<<<<<<< SEARCH\n    return a - b\n=======\n    return a + b\n>>>>>>> REPLACE\n"
    over = "sum.py\n<<<<<<< SEARCH\n    return 0\n=======\n    return b + a\n>>>>>>> REPLACE\n"
    for second, line in ((follow, "a + b"), (over, "b + a")):
        ask, _ = talker(WRONG, second)
        assert line in agent.Agent(make(), ask).run()["files"]["sum.py"]["text"]


def test_roles_get_their_models_only_when_the_task_has_them() -> None:
    roles = []

    def ask(messages: list[dict[str, str]], max_tokens: int, role: str) -> Any:
        roles.append(role)
        if role == "plan":
            assert "RATHER" not in messages[1]["content"]
            return model.Reply("RATHER add", False)
        assert "RATHER add" in messages[1]["content"]
        assert "RATHER add" not in messages[0]["content"]
        return model.Reply(RIGHT, False)

    agent.Agent(make(roles=["plan"]), ask).run()
    assert roles == ["plan", "edit"]


def test_the_summariser_leaves_findings_and_tasks() -> None:
    def ask(messages: list[dict[str, str]], max_tokens: int, role: str) -> Any:
        if role == "edit":
            return model.Reply(RIGHT, False)
        assert "return a + b" in messages[1]["content"]
        return model.Reply("FINDING: addition is enough\n- **TASK:** try tables\nbye", False)

    found = agent.Agent(make(roles=["summarise"]), ask).run()
    assert (found["findings"], found["tasks"]) == (["addition is enough"], ["try tables"])


@pytest.mark.parametrize("failing", ["plan", "summarise"])
def test_a_helper_that_fails_loses_nothing_that_stands(failing: str) -> None:
    def ask(messages: list[dict[str, str]], max_tokens: int, role: str) -> Any:
        if role == failing:
            raise model.ModelError("provider-timeout", "late")
        return model.Reply(RIGHT, False)

    assert agent.Agent(make(roles=[failing]), ask).run()["status"] == "proposed"


def test_a_long_chat_keeps_its_opening_and_its_newest_turns() -> None:
    ask, sent = talker(*(f"TOOL: read sum.py\nturn {i} {'x' * 9000}" for i in range(40)))
    agent.Agent(make(calls=40), ask).run()
    assert all(len(chat) <= 64 for chat in sent)
    assert sum(len(message["content"]) for message in sent[-1][2:]) <= 100_000
    assert sent[-1][:2] == sent[0]
    assert "turn 38" in sent[-1][-2]["content"]


def test_what_other_rooms_know_is_shown_as_data() -> None:
    task = make(
        fix=True,
        findings=["tiles help", "{{seed}}"],
        recommendations=["unroll"],
        inspirations=[{"id": "c7", "score": 0.3, "files": {"sum.py": "seven"}}],
        crossover={"id": "c8", "score": 0.2, "files": {"sum.py": "eight"}},
        diagnosis={"cause": "no cache"},
        context={"paper": "abstract", "long": "y" * 50_000},
    )
    system, user = prompting.Prompter(task, {}).opening()
    for text in ("tiles help", "{{seed}}", "unroll", "inspiration c7, score 0.3", "seven", "eight", "no cache",
                 "abstract", "The parent failed", "names]]\nlong", '"expect": 3'):  # fmt: skip
        assert text in user["content"], text
    assert "y" * 50 not in user["content"]
    assert "tiles help" not in system["content"]
