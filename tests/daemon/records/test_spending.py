"""Sums by minute say what reading every reservation would say."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from daemon.records import ledger as ledgers
from daemon.records import migrations
from daemon.records.db import Database, sqlite_url
from daemon.records.ledger import Ledger
from daemon.records.spending import MINUTE, model_of


@pytest.mark.parametrize(
    ("key", "model"),
    [
        ("k-c1/call/openai/gpt-x/0/0123456789abcdef/1", "openai/gpt-x"),
        ("k-c1/call/ratchet/scripted/dial/3/0123456789abcdef/2", "ratchet/scripted/dial"),
        ("k-c1/evaluate/1", ""),
        ("k-c1/place", ""),
    ],
)
def test_a_key_names_its_model(key: str, model: str) -> None:
    assert model_of(key) == model


SPENT = st.lists(
    st.tuples(st.sampled_from(["c", "d"]), st.sampled_from(["", "m/a", "m/b"]), st.integers(0, 9), st.integers(0, 200)),
    max_size=12,
)


@given(SPENT, st.integers(0, 12))
def test_sums_are_those_of_the_settlements(
    tmp_path_factory: pytest.TempPathFactory, spent: list[tuple[str, str, int, int]], back: int
) -> None:
    folder = tmp_path_factory.mktemp("spending")
    now = 1_800_000_000.0 // MINUTE * MINUTE + 3 * MINUTE
    with pytest.MonkeyPatch.context() as patch:
        moment = [now]
        patch.setattr(ledgers, "time", SimpleNamespace(time=lambda: moment[0]))
        patch.setattr(migrations, "time", SimpleNamespace(time=lambda: 0.0))
        db = Database(sqlite_url(folder / "records.db"))
        ledger = Ledger(db)
        for name in ("c", "d"):
            ledger.open(name, {"tokens": 10_000})
        for number, (campaign, model, ago, amount) in enumerate(spent):
            key = f"{campaign}-c{number}/call/{model}/0/abc/1" if model else f"{campaign}-c{number}/evaluate/1"
            moment[0] = now - ago * MINUTE / 3
            ledger.reserve(campaign, key, {"tokens": 200})
            if number % 5 != 4:
                ledger.settle(key, {"tokens": amount})
        since = now - back * MINUTE / 3
        for campaign in ("", "c"):
            for model in ("", "m/a"):
                expected = sum(
                    200 if number % 5 == 4 else amount
                    for number, (of, by, ago, amount) in enumerate(spent)
                    if campaign in ("", of)
                    and model in ("", by)
                    and (number % 5 == 4 or (now - ago * MINUTE / 3) // MINUTE >= since // MINUTE)
                )
                assert ledger.spent_since(since, campaign=campaign, model=model)["tokens"] == expected
        db.close()


def test_what_was_settled_before_there_were_sums_still_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = sqlite_url(tmp_path / "records.db")
    old = migrations.MIGRATIONS[:5]
    monkeypatch.setattr(migrations.migrate, "__defaults__", (old,))
    before = Database(url)
    with before.begin() as connection:
        rows = [("k-c1/call/m/a/0/abc/1", time.time() - 60, 7), ("k-c1/evaluate/1", time.time() - 7200, 5)]
        for key, settled, amount in rows:
            connection.execute(
                text("INSERT INTO reservations VALUES (:key, 'k', 'settled', 0, :settled)"),
                {"key": key, "settled": settled},
            )
            connection.execute(
                text("INSERT INTO reservation_lines VALUES (:key, 'tokens', 9, :amount)"),
                {"key": key, "amount": amount},
            )
    before.close()
    monkeypatch.undo()
    after = Database(url)
    ledger = Ledger(after)
    assert ledger.spent_since(time.time() - 3600)["tokens"] == 7
    assert ledger.spent_since(time.time() - 36_000)["tokens"] == 12
    assert ledger.spent_since(time.time() - 36_000, model="m/a")["tokens"] == 7
    everything, calls = ledger.spent_since_by(time.time() - 36_000, "m/a")
    assert (everything["tokens"], calls["tokens"]) == (12, 7)
    ledger.open("k", {"tokens": 100})
    ledger.reserve("k", "k-c2/evaluate/1", {"tokens": 9})
    ledger.settle("k-c2/evaluate/1", {"tokens": 4})
    assert ledger.spent_since(time.time() - 3600)["tokens"] == 11
    after.close()


def test_what_is_spent_under_a_name_is_not_its_neighbours(tmp_path: Path) -> None:
    db = Database(sqlite_url(tmp_path / "records.db"))
    ledger = Ledger(db)
    ledger.open("k", {"tokens": 1000})
    for amount, key in enumerate(["k-c1/a", "k-c1/b/c", "k-c10/a", "k-c1.5/a", "k-c1", "k-c10", "k-c1\U0001f600/a"], 1):
        ledger.reserve("k", key, {"tokens": 10})
        ledger.settle(key, {"tokens": amount})
    assert ledger.spent_under("k-c1/") == {"tokens": 3}
    db.close()
