"""The tuner as a model: pure, seeded, honest, in the asked form, and unbreakable."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.gateway.tuner import write
from daemon.gateway.tuner.answer import REFUSAL, offers, tune
from daemon.gateway.tuner.choose import weight
from daemon.gateway.tuner.move import Move
from daemon.gateway.tuner.prompt import Task, Tried, read
from daemon.gateway.tuner.recipes import tunables
from tests.daemon.agent.genome import load, make_task, parse
from tests.daemon.gateway.tuner.seeds import MATMUL, PACKING

prompting = load("prompting")


def chat(path: str, text: str, **changes: object) -> list[dict[str, str]]:
    task = make_task(**changes)
    task["parent"]["files"] = {path: text}
    found: list[dict[str, str]] = prompting.Prompter(task, {}).opening()
    return found


@pytest.mark.parametrize(("path", "text"), [("matmul.c", MATMUL), ("packing.py", PACKING)])
@pytest.mark.parametrize("seed", range(40))
def test_its_answer_is_what_the_agent_understands(path: str, text: str, seed: int) -> None:
    answer = tune(chat(path, text), seed=seed, call=0)
    found = parse(answer, {path: text})
    assert found.hypothesis
    moves = offers(read(chat(path, text)), Random(f"{seed}/0"))
    assert found.files[path] in [move.text for _, move in moves]
    assert tune(chat(path, text), seed=seed, call=0) == answer


def test_seeds_and_calls_differ() -> None:
    answers = {tune(chat("matmul.c", MATMUL), seed=seed, call=call) for seed in range(20) for call in range(2)}
    assert len(answers) > 8


@pytest.mark.parametrize("seed", range(12))
def test_chains_of_edits_stay_understood(seed: int) -> None:
    text = MATMUL
    for step in range(8):
        answer = tune(chat("matmul.c", text), seed=seed * 100 + step, call=0)
        text = parse(answer, {"matmul.c": text}).files["matmul.c"]
        assert text.count("void matmul(") == 1


def test_it_refuses_honestly_what_it_does_not_know() -> None:
    assert tune([{"role": "user", "content": "Write me a poem."}], seed=1, call=0) == REFUSAL
    assert tune(chat("x.rs", "fn main() {}"), seed=1, call=0) == REFUSAL
    assert tune([], seed=1, call=0) == REFUSAL


def test_it_reads_other_prompts_with_fenced_files() -> None:
    content = "Make it fast.\n\n`f.c`\n```c\n#define A 1  // tunable: 1 2\n```\n"
    answer = tune([{"role": "user", "content": content}], seed=1, call=0)
    assert parse(answer, {"f.c": "#define A 1  // tunable: 1 2\n"}).files["f.c"].startswith("#define A 2")


def test_history_lowers_what_failed_and_repeats_even_more() -> None:
    one, other = Move("restrict", "restrict: x", ""), Move("clones", "wider vectors: y", "")
    moves = [one, other]
    failed = [Tried("restrict: z", "failed:no-gain", 0.0)] * 3
    won = [Tried("restrict: z", "accepted", 0.3)] * 3
    same = [Tried("restrict: x", "failed:no-gain", 0.0)] * 3
    plain = weight(one, moves, [])
    assert weight(one, moves, same) < weight(one, moves, failed) < plain < weight(one, moves, won)
    assert weight(other, moves, failed) == plain


messages = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]), "content": st.text()}), max_size=4
)
pieces = st.sampled_from(
    ["[[abcdefgh file a.c]]", "[[abcdefgh history]]", "[[abcdefgh end]]", "```", "a.c", "x.py", MATMUL, PACKING, "{}",
     '{"hypothesis": 1, "verdict": [], "gain": "x"}', "#define A 1 // tunable: 1..", "A = nan # tunable: 0..inf log",
     "B = 1 # tunable: 9..1 int", "void f(const float *a, const float *b, float *c, int n, int m, int k) {", "}"]
)  # fmt: skip


@given(messages, st.integers(0, 2**63), st.integers(0, 5))
def test_no_chat_crashes_it(chat: list[dict[str, str]], seed: int, call: int) -> None:
    assert tune(chat, seed=seed, call=call)


@given(st.lists(pieces | st.text(max_size=9), max_size=12).map("\n".join), st.integers(0, 99))
def test_no_prompt_that_looks_like_one_crashes_it(content: str, seed: int) -> None:
    assert tune([{"role": "user", "content": content}], seed=seed, call=0)


lines = st.lists(st.sampled_from(["a", "b", "c", "", "  x", "=======", "```"]), max_size=15)


@given(lines, lines)
def test_any_difference_can_be_written_down(old: list[str], new: list[str]) -> None:
    before, after = "\n".join([*old, ""]), "\n".join([*new, ""])
    if before == after:
        return
    answer = write.answer("why", "f.txt", before, after)
    assert parse(answer, {"f.txt": before}).files == {"f.txt": after}


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("#define TILE 8  // tunable: 4 8 16", {"4", "16"}),
        ("STEPS = 60  # tunable: 58..61 int log", {"58", "59", "61"}),
        ("MODE = fast  # tunable: fast slow", {"slow"}),
        ("SAME = 1  # tunable: 1", set()),
        ("ODD = x  # tunable: 1..2", set()),
        ("BACK = 1  # tunable: 2..1", set()),
    ],
)
def test_a_tunable_keeps_its_rule(line: str, allowed: set[str]) -> None:
    drawn = set()
    for seed in range(200):
        for move in tunables.moves(f"int before;\n{line}\nint after;\n", Random(seed)):
            assert move.text.startswith("int before;\n")
            assert move.text.endswith("\nint after;\n")
            drawn.add(move.text.split("\n")[1].replace("#define ", "").split("//")[0].split("#")[0].split()[-1])
    assert drawn == allowed


@given(st.integers(0, 10**6))
def test_a_range_is_never_left(seed: int) -> None:
    for move in tunables.moves("R = 0.1  # tunable: 0.01..1.0 log\n", Random(seed)):
        assert 0.01 <= float(move.text.split()[2]) <= 1.0


def test_one_file_is_changed_of_several() -> None:
    task = Task({"matmul.c": MATMUL, "packing.py": PACKING, "notes.md": "x"})
    assert {path for path, _ in offers(task, Random(1))} == {"matmul.c", "packing.py"}
