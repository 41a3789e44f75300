"""One house for the whole corpus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.corpus.case import load_all
from tests.corpus.runner import Corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    scripts = {
        case.meta.id.lower(): (case.folder / "answer.txt").read_text() for case in load_all() if case.form == "answer"
    }
    corpus = Corpus(tmp_path_factory.mktemp("corpus"), scripts)
    try:
        corpus.start()
        yield corpus
    finally:
        corpus.stop()
