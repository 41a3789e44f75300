"""Faults at random, and the books agree: more seeds by `python -m tests.bench.nemesis`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.nemesis import run

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("seed", [1, 2])
def test_the_books_agree_after_faults_at_random(tmp_path: Path, seed: int) -> None:
    story, problems = run(tmp_path, seed)
    assert len(story) >= 3, "a campaign without troubles shows nothing"
    assert not problems, story
