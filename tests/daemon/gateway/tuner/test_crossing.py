"""The tuner in company: it joins two parents, and takes up what others have."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from daemon.gateway.tuner.answer import tune
from daemon.gateway.tuner.prompt import read
from daemon.gateway.tuner.recipes.crossing import adopt, cross

ONE = "A = 1\nB = 2\nC = 3\nprint(A)\n"
TWO = "A = 9\nB = 8\nC = 7\nprint(A)\n"
MARK = "abcdef012345"


def chat(kind: str) -> list[dict[str, str]]:
    blocks = [f"[[{MARK} file p.py]]\n{ONE}\n[[{MARK} end]]"]
    blocks.append(f"[[{MARK} {kind} x-c3, score 0.5]]\np.py:\n{TWO}\n\nq.py:\nX = 1\n[[{MARK} end]]")
    return [{"role": "user", "content": "\n\n".join(blocks)}]


def test_a_child_has_something_of_both() -> None:
    for drawn in range(50):
        (move,) = cross(ONE, TWO, Random(drawn))
        lines = move.text.split("\n")
        assert all(
            line in (mine, theirs) for line, mine, theirs in zip(lines, ONE.split("\n"), TWO.split("\n"), strict=True)
        )
        assert move.text not in (ONE, TWO)


def test_one_place_is_adopted() -> None:
    (move,) = adopt(ONE, TWO, Random(0))
    changed = [one for one, other in zip(move.text.split("\n"), ONE.split("\n"), strict=True) if one != other]
    assert len(changed) == 1 and changed[0] in TWO and changed[0] in move.hypothesis


def test_equal_files_offer_nothing() -> None:
    assert cross(ONE, ONE, Random(0)) == [] == adopt(ONE, ONE, Random(0))


def test_the_chat_names_the_company() -> None:
    assert read(chat("second")).second == {"p.py": TWO}, "a file that the parent lacks is left out"
    assert read(chat("inspiration")).inspirations == [{"p.py": TWO}]
    answers = {tune(chat("second"), seed=seed, call=0) for seed in range(10)}
    assert len(answers) > 1 and all("crossover:" in answer for answer in answers)
    assert "adopt:" in tune(chat("inspiration"), seed=1, call=0)


@given(st.text(max_size=200), st.text(max_size=200), st.integers(0, 99))
def test_any_two_texts_can_be_crossed(one: str, other: str, drawn: int) -> None:
    for move in (*cross(one, other, Random(drawn)), *adopt(one, other, Random(drawn))):
        known = {*one.split("\n"), *other.split("\n")}
        assert set(move.text.split("\n")) <= known
