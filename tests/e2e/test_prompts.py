"""What a real campaign's models were shown: nothing of the judge, of the sealed cases, of seeds or of this host."""

from __future__ import annotations

import pytest

from tests.e2e.house import Daemon
from tests.e2e.prompts import (
    evaluator_pieces,
    foreign_in_system,
    leaks,
    of_the_system,
    places,
    prompts,
    seeds,
)

pytestmark = pytest.mark.e2e


def test_no_prompt_holds_what_only_the_judge_may_know(daemon: Daemon) -> None:
    campaign = daemon.start_campaign(candidates=4, seed=8, target="packing")
    daemon.result(campaign)
    assert len(list(prompts(daemon))) >= 4 and len(seeds(daemon)) >= 3
    pieces = evaluator_pieces(daemon.targets / "packing") | evaluator_pieces(daemon.targets / "matmul")
    assert len(pieces) > 1000
    assert leaks(daemon, forbidden=seeds(daemon) | places(daemon), pieces=pieces) == []
    assert foreign_in_system(daemon, of_the_system()) == []


def test_the_search_would_find_them(daemon: Daemon) -> None:
    """The same search for what is really there: the seed's own source."""
    source = (daemon.targets / "packing" / "seed" / "packing.py").read_text("utf-8")
    assert leaks(daemon, forbidden={source.splitlines()[0]})
    assert foreign_in_system(daemon, "")
