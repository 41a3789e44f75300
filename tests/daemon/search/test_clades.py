"""Clades: tallies count each result once, and families that achieve something are chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.search.clades import Node, Tally, best_belief, beta_quantile, clade_tallies, may_expand, thompson
from daemon.search.parents import Scored, choose_parent
from daemon.search.streams import stream


@st.composite
def families(draw: st.DrawFn) -> list[Node]:
    """Random trees, in random order."""
    size = draw(st.integers(1, 15))
    nodes = [
        Node(str(n), str(draw(st.integers(0, n - 1))) if n else "", draw(st.integers(0, 3)), draw(st.integers(0, 3)))
        for n in range(size)
    ]
    return draw(st.permutations(nodes))


def descends(nodes: dict[str, Node], name: str, ancestor: str) -> bool:
    return name == ancestor or (name in nodes and descends(nodes, nodes[name].parent, ancestor))


@given(families())
def test_a_clade_is_itself_and_all_descendants_once(nodes: list[Node]) -> None:
    known = {node.candidate: node for node in nodes}
    for _ in range(2):  # asking again must not add anything
        tallies = clade_tallies(nodes)
        for name in known:
            clade = [node for node in nodes if descends(known, node.candidate, name)]
            assert tallies[name] == Tally(sum(n.passes for n in clade), sum(n.fails for n in clade))
    assert tallies["0"].passes == sum(node.passes for node in nodes)


def test_a_loop_is_cut_and_a_twin_refused() -> None:
    assert clade_tallies([Node("a", "b", 1), Node("b", "a", 1)]) == {"a": Tally(2, 0), "b": Tally(2, 0)}
    with pytest.raises(ValueError, match="'a' is listed twice"):
        clade_tallies([Node("a", ""), Node("a", "")])


def test_a_plain_mother_of_good_children_beats_a_good_one_without() -> None:
    nodes = [
        Node("root", ""),
        Node("plain", "root", 0, 1),
        *(Node(f"child{n}", "plain", 3, 0) for n in range(8)),
        Node("star", "root", 1, 0),
        *(Node(f"dud{n}", "star", 0, 3) for n in range(8)),
    ]
    assert clade_tallies(nodes)["plain"].productivity == pytest.approx(24 / 25)
    drawn = [thompson(nodes, ["plain", "star"], stream(n)) for n in range(50)]
    assert drawn.count("plain") == 50


def test_the_strategy_draws_among_the_scored() -> None:
    scored = [Scored("a", 1, 0), Scored("b", 2, 0)]
    family = [Node("a", "", 20, 0), Node("b", "a", 0, 20), Node("broken", "a", 0, 1)]
    assert {choose_parent("clade", scored, "a", stream(n), family) for n in range(30)} == {"a"}
    assert {choose_parent("clade", scored, "a", stream(n)) for n in range(30)} == {"a", "b"}
    with pytest.raises(ValueError, match="no eligible"):
        thompson(family, [], stream(0))


def test_growth_follows_the_evaluations() -> None:
    assert may_expand(0, 1)
    assert not may_expand(4, 5)  # 4^0.6 = 2.3
    assert may_expand(11, 5)  # 4.2
    assert not may_expand(11, 5, pending=1)


@given(st.floats(0.01, 0.99), st.integers(1, 40))
def test_quantiles_against_closed_forms(share: float, n: int) -> None:
    assert beta_quantile(share, n, 1) == pytest.approx(share ** (1 / n), abs=1e-8)
    assert beta_quantile(share, 1, n) == pytest.approx(1 - (1 - share) ** (1 / n), abs=1e-8)
    assert beta_quantile(0.5, n, n) == pytest.approx(0.5, abs=1e-8)


def test_much_evidence_beats_one_lucky_try() -> None:
    assert best_belief([Node("lucky", "", 1, 0), Node("sure", "", 18, 2)]) == "sure"
