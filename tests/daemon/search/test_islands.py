"""Cells and islands: the best is never lost, and no candidate spreads without end."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.cells import Axis, cell_of
from daemon.search.islands import Elite, Islands, choose_elite, island_of, migrate, settle
from daemon.search.streams import stream

COUNT = 4
NEWCOMERS = st.lists(
    st.tuples(st.integers(0, 100).map(float), st.integers(0, 3), st.integers(0, COUNT - 1)), max_size=25
).map(lambda rows: [Elite(f"c{n}", score, (cell,), island) for n, (score, cell, island) in enumerate(rows)])


@given(NEWCOMERS)
def test_a_cell_holds_the_best_that_came(newcomers: list[Elite]) -> None:
    state = settle(Islands(COUNT), newcomers)
    for place in {(one.island, one.cell) for one in newcomers}:
        held = [one for one in state.elites if (one.island, one.cell) == place]
        assert [one.score for one in held] == [max(o.score for o in newcomers if (o.island, o.cell) == place)]
    one_by_one = Islands(COUNT)
    for one in newcomers:
        one_by_one = settle(one_by_one, [one])
    assert one_by_one == state


@given(NEWCOMERS, st.integers(1, 12))
def test_migration_keeps_the_best_and_never_spreads_far(newcomers: list[Elite], rounds: int) -> None:
    state = settle(Islands(COUNT), newcomers)
    home = {one.candidate: one.island for one in state.elites}
    best = [max((one.score for one in state.on(island)), default=-1.0) for island in range(COUNT)]
    for _ in range(rounds):
        state = migrate(state)
    for island in range(COUNT):
        assert max((one.score for one in state.on(island)), default=-1.0) >= best[island]
    for one in state.elites:
        steps = (one.island - home[one.candidate]) % COUNT
        assert steps in ((1, COUNT - 1) if one.migrant else (0,))


def test_two_islands_and_one() -> None:
    state = migrate(settle(Islands(2), [Elite("a", 1.0, (0,), 0)]))
    assert [(one.island, one.migrant) for one in state.elites] == [(0, False), (1, True)]
    alone = settle(Islands(1), [Elite("a", 1.0, (0,), 0)])
    assert migrate(alone) is alone


def test_better_elites_are_drawn_more_often() -> None:
    state = settle(Islands(1), [Elite("a", 1, (0,), 0), Elite("b", 9, (1,), 0), Elite("c", 5, (2,), 0)])
    drawn = [choose_elite(state, 0, stream(n)) for n in range(400)]
    assert drawn.count("b") > drawn.count("c") > drawn.count("a") > 0
    assert choose_elite(Islands(2), 1, stream(0)) is None
    assert [island_of(n, 3) for n in range(1, 5)] == [1, 2, 0, 1]


@given(st.floats(-1e9, 1e9), st.booleans())
def test_every_value_has_a_bin_and_bins_keep_the_order(value: float, log: bool) -> None:
    axis = Axis("size", 10.0, 1000.0, bins=7, log=log)
    assert 0 <= axis.bin_of(value) <= 6
    assert axis.bin_of(value) <= axis.bin_of(value + 50)


def test_cells_and_what_is_wrong_with_them() -> None:
    axes = [Axis("size", 0, 100), Axis("depth", 1, 100, bins=2, log=True)]
    assert cell_of({"size": 55.0, "depth": 10.1}, axes) == (5, 1)
    with pytest.raises(ValueError, match="'depth' is missing; there are: size"):
        cell_of({"size": 1.0}, axes)
    with pytest.raises(ValueError, match="not a number"):
        axes[0].bin_of(math.nan)
    with pytest.raises(ValueError, match="above zero"):
        Axis("x", 0, 1, log=True)
    with pytest.raises(ValueError, match="low < high"):
        Axis("x", 1, 1)
    with pytest.raises(ValueError, match="on one of them"):
        Islands(1, (Elite("a", 1.0, (0,), 1),))
    with pytest.raises(ValueError, match="'a': score nan"):
        settle(Islands(1), [Elite("a", math.nan, (0,), 0)])
