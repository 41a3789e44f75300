"""Logs for prompts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.search.folding import fold


def test_equal_lines_are_told_once() -> None:
    assert fold("a\nb\nb\nb\nc") == "a\nb\n[3 times]\nc"


def test_lines_alike_but_for_numbers_are_counted() -> None:
    log = "\n".join(f"k.c:{n}:7: error: 'x' undeclared" for n in range(40))
    assert fold(log).splitlines() == [*log.splitlines()[:3], "[37 more like it]"]
    assert fold("1\n2\n3\n4\n5") == "1\n2\n3\n4\n5", "bare numbers are a table, not a repetition"


def test_begin_and_end_of_a_long_log_stay() -> None:
    log = "first error\n" + "\n".join(f"word{'x' * (n % 7)} {n}" for n in range(2000)) + "\nlast error"
    short = fold(log, 500)
    assert len(short) <= 500 and short.startswith("first error\n") and short.endswith("last error") and "[…]" in short


@given(st.text(alphabet=st.sampled_from("ab1\n "), max_size=300), st.integers(1, 300))
def test_it_never_grows_beyond_its_limit_and_invents_no_line(log: str, limit: int) -> None:
    short = fold(log, limit)
    assert len(short) <= limit
    whole = fold(log, 10_000)
    assert {line for line in whole.split("\n") if not line.startswith("[")} <= {*log.splitlines(), ""}
