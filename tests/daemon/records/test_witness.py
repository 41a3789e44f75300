"""A witness vouches for a log that grows, and never for another one of the same name."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from daemon.records.audit import AuditLog
from daemon.records.cosignatures import WitnessKey, cosign, cosigned_at
from daemon.records.keys import load_public_key, public_path
from daemon.records.merkle import consistency_proof, leaf_hash, root_of
from daemon.records.notes import BadNote, Checkpoint, sign
from daemon.records.outside import Outside, Sent, place_of
from daemon.records.verify import verify
from daemon.records.witness import Answer, Witness

LOG, NAME = Ed25519PrivateKey.generate(), "witness.example/w1"
KEY = Ed25519PrivateKey.generate()
WITNESS = WitnessKey(NAME, KEY.public_key())
LEAVES = [leaf_hash(bytes([number])) for number in range(40)]
FORK = [*LEAVES[:5], *(leaf_hash(b"x" + leaf) for leaf in LEAVES[5:])]


def checkpoint(size: int, leaves: list[bytes] = LEAVES, origin: str = "log") -> Checkpoint:
    return Checkpoint(origin, size, root_of(leaves[:size]))


def request(old: int, new: Checkpoint, leaves: list[bytes] = LEAVES, key: Ed25519PrivateKey = LOG) -> bytes:
    proof = [base64.b64encode(one).decode() for one in consistency_proof(old, leaves[: new.size])]
    return "\n".join([f"old {old}", *proof, "", sign(new, key)]).encode()


def witness(folder: Path) -> Witness:
    return Witness(folder, NAME, KEY, {"log": LOG.public_key()}, clock=lambda: 1_700_000_000)


@given(st.integers(0, 2**40), st.binary(min_size=32, max_size=32), st.integers(0, 2**40))
def test_a_cosignature_holds_for_its_checkpoint_and_no_other(size: int, root: bytes, now: int) -> None:
    made = Checkpoint("log", size, root)
    note = sign(made, LOG) + cosign(made, NAME, KEY, now)
    assert cosigned_at(note, made, WITNESS) == now
    with pytest.raises(BadNote, match="does not fit"):
        cosigned_at(note, made._replace(size=size + 1), WITNESS)
    for other in (WitnessKey("another", KEY.public_key()), WitnessKey(NAME, LOG.public_key())):
        with pytest.raises(BadNote, match="no cosignature"):
            cosigned_at(note, made, other)


def test_a_witness_is_named_by_its_verifier_key() -> None:
    text = WITNESS.text()
    assert WitnessKey.parse(text).text() == text
    name, identity, material = text.split("+", 2)
    of_a_log = base64.b64encode(b"\x01" + KEY.public_key().public_bytes_raw()).decode()
    spoilt = [f"{name}+{identity}+{material[:-4]}", f"{name}+{identity}+{of_a_log}", f"{name}+00000000+{material}"]
    spoilt += [f"other+{identity}+{material}", f"a b+{identity}+{material}", "", "a+b+c", f"{name}+{identity}"]
    for wrong in spoilt:
        with pytest.raises(ValueError, match="no witness's key"):
            WitnessKey.parse(wrong)


def test_it_vouches_for_growth_step_by_step_and_over_a_restart(tmp_path: Path) -> None:
    for old, new in ((0, 9), (9, 9), (9, 17), (17, 40)):
        answer = witness(tmp_path).add_checkpoint(request(old, checkpoint(new)))
        assert answer.status == 200
        note = sign(checkpoint(new), LOG) + answer.text
        assert cosigned_at(note, checkpoint(new), WITNESS) == 1_700_000_000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (request(9, checkpoint(17, FORK), FORK), 422),
        (request(9, checkpoint(17), FORK), 422),
        (request(9, checkpoint(9, FORK)), 409),
        (request(0, checkpoint(17)), 409),
        (request(17, checkpoint(40)), 409),
        (request(9, checkpoint(17)).replace(b"old 9", b"old 18"), 400),
        (request(9, checkpoint(17, origin="another")), 404),
        (request(9, checkpoint(17), key=KEY), 403),
        (request(9, checkpoint(17)).replace(b"old 9", b"old 09"), 400),
        (request(9, checkpoint(17)).replace(b"\n", b"\n!\n", 1), 422),
        (request(9, checkpoint(17)).replace(b"\n", b"\n" + b"AAAA\n" * 64, 1), 400),
        (b"", 400),
        (b"\xff", 400),
        (b"old 9\n\n", 404),
    ],
)
def test_anything_else_is_refused_and_forgotten(tmp_path: Path, body: bytes, status: int) -> None:
    one = witness(tmp_path)
    assert one.add_checkpoint(request(0, checkpoint(9))).status == 200
    refused = one.add_checkpoint(body)
    assert refused.status == status and "—" not in refused.text
    if refused.kind == "text/x.tlog.size":
        assert (refused.status, refused.text) == (409, "9\n")
    assert one.add_checkpoint(request(9, checkpoint(17))).status == 200


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    assert witness(tmp_path_factory.mktemp("any")).add_checkpoint(body).status in (400, 404)


def test_two_at_once_never_set_it_back(tmp_path: Path) -> None:
    one = witness(tmp_path)
    assert one.add_checkpoint(request(0, checkpoint(9))).status == 200
    with ThreadPoolExecutor(8) as threads:
        sizes = [10, 40, 11, 39, 12, 38, 13, 37]
        answers = list(threads.map(lambda size: one.add_checkpoint(request(9, checkpoint(size))), sizes))
    assert sorted(answer.status for answer in answers) == [200, *[409] * 7]
    won = sizes[next(at for at, answer in enumerate(answers) if answer.status == 200)]
    assert one.add_checkpoint(request(0, checkpoint(9))) == Answer(409, f"{won}\n", "text/x.tlog.size")


@pytest.fixture
def serving(tmp_path: Path, key: Path) -> Iterator[str]:
    """A witness as people run it, which knows the log of `key`; the setting that names it."""
    with AuditLog(tmp_path / "audit", key) as log:
        log.append("note", actor="ana", body={"text": "first"})
    origin = (tmp_path / "audit" / "checkpoints").read_text().partition("\n")[0]
    words = ["--folder", str(tmp_path / "elsewhere"), "--name", NAME, "--port", "0"]
    words += ["--log", f"{origin}={public_path(key)}"]
    ratchet = Path(sys.executable).parent / "ratchet"
    server = subprocess.Popen([str(ratchet), "audit", "witness", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.communicate()


def live(home: Path, key: Path, setting: str, *, records: int) -> Sent:
    """A daemon's life: records, and a checkpoint at its end. How it stands with the witness."""
    outside = Outside(place_of(setting, home))
    with AuditLog(home / "audit", key, on_checkpoint=outside.offer) as log:
        for _ in range(records):
            log.append("note", actor="ana", body={"text": os.urandom(4).hex()})
    outside.close(60)
    return outside.state


def test_a_forked_log_is_refused_and_verify_says_so(tmp_path: Path, key: Path, serving: str) -> None:
    home, fork = tmp_path, tmp_path / "fork"
    vouched = WitnessKey.parse(serving.split(" ", 1)[1])
    public = load_public_key(public_path(key))
    assert live(home, key, serving, records=5).problem == ""
    shutil.copytree(home / "audit", fork / "audit")
    shutil.copy(home / "cosigned", fork / "cosigned")
    before = live(home, key, serving, records=6)
    assert before.problem == ""
    for records in (3, 30):  # shorter than what was vouched for, and longer
        refused = live(fork, key, serving, records=records)
        assert "the witness vouched for" in refused.problem, refused
    true, old = ((folder / "cosigned").read_text() for folder in (home, fork))
    report = verify(home / "audit", public, outside=true, witness=vouched)
    assert report.ok and report.cosigned == before.size
    assert not verify(fork / "audit", public, outside=true, witness=vouched).ok
    report = verify(fork / "audit", public, outside=old, witness=vouched)
    assert report.ok and report.cosigned < before.size
    assert any("the witness vouched for" in remark for remark in report.remarks), "the rest nobody vouched for"


def test_what_is_not_cosigned_does_not_count_where_a_witness_is_asked_for(
    tmp_path: Path, key: Path, serving: str
) -> None:
    assert live(tmp_path, key, serving, records=2).problem == ""
    public, vouched = load_public_key(public_path(key)), WitnessKey.parse(serving.split(" ", 1)[1])
    alone = (tmp_path / "audit" / "checkpoints").read_text()
    for outside in ("", alone):
        report = verify(tmp_path / "audit", public, outside=outside, witness=vouched)
        assert not report.ok and NAME in report.problem
    other = WitnessKey(NAME, LOG.public_key())
    assert not verify(tmp_path / "audit", public, outside=(tmp_path / "cosigned").read_text(), witness=other).ok


def test_a_witness_that_lost_an_answer_or_was_ahead_is_caught_up_with(tmp_path: Path, key: Path, serving: str) -> None:
    for records in (1, 4, 2):  # each life begins without knowing how far the witness got
        assert live(tmp_path, key, serving, records=records).problem == ""
    for wrong in ("witness:ftp://x y", "witness:http://x nothing", "witness:"):
        with pytest.raises(ValueError, match="witness"):
            place_of(wrong, tmp_path)
