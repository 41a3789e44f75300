"""Checkpoints as signed notes: every change is seen, and a note that a crash cut short is told from a changed one."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from daemon.records.notes import BadNote, Checkpoint, key_id, read_note, sign, split_notes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
CHECKPOINT = Checkpoint("ratchet/audit/ab12", 17, bytes(range(32)))
FILE = "".join(sign(CHECKPOINT._replace(size=size), KEY) + "\n" for size in (3, 17, 18)).encode()


def test_a_note_has_the_published_form() -> None:
    lines = sign(CHECKPOINT, KEY).split("\n")
    assert lines[:4] == ["ratchet/audit/ab12", "17", base64.b64encode(bytes(range(32))).decode(), ""]
    start, name, signature = lines[4].split(" ")
    assert (start, name, lines[5:]) == ("—", "ratchet-audit", [""])
    raw = base64.b64decode(signature)
    assert raw[:4] == key_id(PUBLIC)
    PUBLIC.verify(raw[4:], "\n".join([*lines[:3], ""]).encode())


def test_reading_gives_the_checkpoint_back() -> None:
    assert read_note(sign(CHECKPOINT, KEY), PUBLIC) == CHECKPOINT


def test_signatures_of_witnesses_are_passed_over() -> None:
    note = sign(CHECKPOINT, KEY)
    body, _, own = note.partition("\n\n")
    witness = "— witness.example/w1 " + base64.b64encode(bytes(72)).decode()
    assert read_note(f"{body}\n\n{witness}\n{own}", PUBLIC) == CHECKPOINT
    with pytest.raises(BadNote, match="no signature by"):
        read_note(f"{body}\n\n{witness}\n", PUBLIC)


def test_another_key_is_refused() -> None:
    with pytest.raises(BadNote, match="another key"):
        read_note(sign(CHECKPOINT, KEY), Ed25519PrivateKey.generate().public_key())


@pytest.mark.parametrize(
    "note", ["", "\n\n", "a\nb\nc\n\n— x y\n", "o\n01\n" + "A" * 43 + "=\n\n—\n", "o\n1\nAAAA\n\n—\n"]
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(BadNote, match="not a checkpoint"):
        read_note(note, PUBLIC)


def test_every_single_bit_of_the_file_counts() -> None:
    for place in range(len(FILE)):
        for bit in range(8):
            changed = bytearray(FILE)
            changed[place] ^= 1 << bit
            with pytest.raises(BadNote):
                for note in split_notes(bytes(changed))[0]:
                    read_note(note, PUBLIC)


def test_a_file_cut_anywhere_keeps_its_whole_notes() -> None:
    for end in range(len(FILE) + 1):
        notes, rest = split_notes(FILE[:end])
        together = "".join(note + "\n" for note in notes).encode() + rest
        assert together in (FILE[:end], FILE[:end] + b"\n")
        assert [read_note(note, PUBLIC).size for note in notes] == [3, 17, 18][: len(notes)]


@pytest.mark.parametrize(
    "rest", [b"\xff", b"\n\n", b"two words", b"o\nten", b"o\n1\nAA==\nno", b"a\n1\nAA\n\n- x", b"a\n" * 9]
)
def test_something_else_at_the_end_is_no_cut_note(rest: bytes) -> None:
    with pytest.raises(BadNote):
        notes, _ = split_notes(FILE + rest)
        for note in notes:
            read_note(note, PUBLIC)
