"""A session's randomness: the same from the same seed, and different for every purpose."""

from __future__ import annotations

from sandbox.judge.draw import generator


def test_the_same_seed_and_purpose_draw_the_same() -> None:
    assert generator(b"s", "inputs", 1).random() == generator(b"s", "inputs", 1).random()


def test_other_seeds_and_purposes_draw_others() -> None:
    purposes: list[tuple[bytes, str, int]] = [
        (b"s", "inputs", 1),
        (b"s", "inputs", 2),
        (b"s", "inputs", 12),
        (b"s", "places", 1),
        (b"t", "inputs", 1),
    ]
    assert len({generator(*purpose).random() for purpose in purposes}) == 5
