"""Whatever a runner answers, a call ends with a result or with `failed:bad-output`, and nothing else is raised."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

from sandbox.judge.arm import Arm
from sandbox.judge.faults import Fault

CASES = 10_000
BOMBS = (
    b"[" * 60_000,
    b'{"a":' * 20_000,
    b'{"id":1e999}',
    b'{"id":NaN}',
    b'{"id":"x","id":"x"}',
    b"9" * 60_000,
    b'"\xff\xfe"',
    b"\x80\x04\x95cos\nsystem\n",
    b"!!python/object/apply:os.system [id]",
    b"",
    b"\x00" * 1000,
    b'{"ok":true}',
    b"null",
)


def answers(rng: random.Random, number: str) -> bytes:
    """Noise, bombs, and what an honest guest would say with some bytes changed."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(rng.randrange(200))
    if kind == 1:
        return rng.choice(BOMBS)
    stray: object = rng.choice([None, 1, 1.5, "x", [], {}, True, number[::-1], number + " ", number.encode().hex()])
    line = bytearray(json.dumps({"id": stray, "ok": True, "seconds": 1}).encode())
    if kind == 2:
        return bytes(line)
    for _ in range(rng.randrange(1, 6)):
        line[rng.randrange(len(line))] = rng.randrange(256)
    return bytes(line)


def test_ten_thousand_answers_are_bad_output_and_nothing_else(tmp_path: Path) -> None:
    arm, rng = Arm(tmp_path / "arm", 16384, 16384), random.Random(32)
    seen: Counter[str] = Counter()
    try:
        for case in range(CASES):
            number = f"{case}-{rng.randbytes(8).hex()}"
            try:
                arm._read(answers(rng, number), number)
                seen["a result"] += 1
            except Fault as fault:
                seen[fault.verdict] += 1
                assert len(fault.feedback.encode()) <= 4096 and fault.feedback.isprintable()
        assert arm._read(json.dumps({"id": "1-x", "ok": True}).encode(), "1-x") == {"id": "1-x", "ok": True}
    finally:
        arm.close()
    assert seen == {"failed:bad-output": CASES}
