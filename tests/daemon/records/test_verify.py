"""Tampering: each class at 200 random places is found, and named by the first bad record."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from daemon.records.audit import AuditLog
from daemon.records.chain import Chain, head, record_of
from daemon.records.keys import ensure_signing_key, load_public_key, public_path
from daemon.records.recovery import CHECKPOINTS
from daemon.records.verify import Report, verify

RECORDS = 240
PLACES = 200


class Sample:
    """A closed log in a few segments, its lines in memory, and the means to check a changed copy of it."""

    def __init__(self, tmp: Path) -> None:
        ensure_signing_key(tmp / "key")
        self.key = load_public_key(public_path(tmp / "key"))
        self.folder, self.copy = tmp / "audit", tmp / "copy"
        with AuditLog(self.folder, tmp / "key", segment_bytes=20_000, checkpoint_records=50) as log:
            for number in range(RECORDS - 2):
                log.append("n", actor=f"a{number % 7}", campaign="c", body={"n": number, "text": "é" * (number % 9)})
            self.early = log.checkpoint()
        self.segments = [(path.name, path.read_bytes()) for path in sorted(self.folder.glob("*.jsonl"))]
        self.lines = [line for _, data in self.segments for line in data.splitlines(keepends=True)]
        assert len(self.lines) == RECORDS and len(self.segments) >= 4
        self.notes = (self.folder / CHECKPOINTS).read_bytes()
        self.last = self.notes.decode().split("\n\n— ")[-2].split("\n\n")[-1]

    def check(self, lines: list[bytes], *, notes: bytes | None = None, outside: str = "") -> Report:
        """Write `lines` over the segments where they would be, and verify."""
        shutil.rmtree(self.copy, ignore_errors=True)
        self.copy.mkdir()
        (self.copy / CHECKPOINTS).write_bytes(self.notes if notes is None else notes)
        starts = [int(name.split(".")[0]) for name, _ in self.segments]
        for (name, _), start, end in zip(self.segments, starts, [*starts[1:], len(lines)], strict=True):
            if start < len(lines) or start == 0:
                (self.copy / name).write_bytes(b"".join(lines[start : max(start, end)]))
        return verify(self.copy, self.key, outside=outside)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return Sample(tmp_path_factory.mktemp("tampering"))


def _places(name: str) -> list[random.Random]:
    return [random.Random(f"{name}/{number}") for number in range(PLACES)]


def _must_find(report: Report, seq: int) -> None:
    assert not report.ok and report.problem
    assert report.first_bad == seq, report
    assert report.records == seq, "the records before it are good"


def test_the_sample_itself_is_good(sample: Sample) -> None:
    report = sample.check(sample.lines)
    assert (report.ok, report.records, report.signed, report.first_bad) == (True, RECORDS, RECORDS, None), report


def test_a_flipped_bit(sample: Sample) -> None:
    for draw in _places("flip"):
        seq = draw.randrange(RECORDS)
        line = bytearray(sample.lines[seq])
        line[draw.randrange(len(line))] ^= 1 << draw.randrange(8)
        _must_find(sample.check([*sample.lines[:seq], bytes(line), *sample.lines[seq + 1 :]]), seq)


def test_a_deleted_record(sample: Sample) -> None:
    for draw in _places("delete"):
        seq = draw.randrange(RECORDS)
        _must_find(sample.check(sample.lines[:seq] + sample.lines[seq + 1 :]), seq)


def test_an_inserted_record(sample: Sample) -> None:
    for draw in _places("insert"):
        seq = draw.randrange(1, RECORDS)
        before = record_of(sample.lines[seq - 1])
        chain = Chain(prev=before["hash"])
        for _ in range(seq):
            chain.frontier.append(bytes(32))
        forged = chain.add(head("n", "mallory", "c", "", {"n": 0}), before["time"], 1).line
        report = sample.check([*sample.lines[:seq], forged, *sample.lines[seq:]])
        # The forged line fits in by itself; the true one behind it no longer does, or a checkpoint between them tells.
        assert not report.ok and report.first_bad is not None
        at_checkpoint = f"to {seq} was changed" in report.problem and report.first_bad <= seq
        assert report.first_bad in (seq, seq + 1) or at_checkpoint, report


def test_swapped_records(sample: Sample) -> None:
    for draw in _places("reorder"):
        first, second = sorted(draw.sample(range(RECORDS), 2))
        lines = list(sample.lines)
        lines[first], lines[second] = lines[second], lines[first]
        _must_find(sample.check(lines), first)


def test_a_truncated_log(sample: Sample) -> None:
    for draw in _places("truncate"):
        seq = draw.randrange(RECORDS)
        _must_find(sample.check(sample.lines[:seq]), seq)


def test_a_log_truncated_with_its_checkpoints_shows_against_one_from_outside(sample: Sample) -> None:
    notes = [note + "\n" for note in sample.notes.decode().split("\n\n") if note.startswith("ratchet")]
    signatures = [part for part in sample.notes.decode().split("\n\n") if part.startswith("—")]
    whole = [f"{note}\n{signature}\n" for note, signature in zip(notes, signatures, strict=True)]
    sizes = [int(note.split("\n")[1]) for note in whole]
    for draw in _places("truncate all"):
        seq = draw.randrange(1, RECORDS)
        kept = "".join(note + "\n" for note, size in zip(whole, sizes, strict=True) if size <= seq).encode()
        assert sample.check(sample.lines[:seq], notes=kept).ok, "the files alone cannot show it"
        report = sample.check(sample.lines[:seq], notes=kept, outside=whole[-1])
        _must_find(report, seq)
        assert "from outside" in report.problem


def test_a_replayed_record(sample: Sample) -> None:
    for draw in _places("replay"):
        seq, old = draw.randrange(1, RECORDS + 1), draw.randrange(RECORDS)
        lines = [*sample.lines[:seq], sample.lines[old], *sample.lines[seq:]]
        if old == seq:
            seq += 1
        _must_find(sample.check(lines), seq)


def test_a_rewritten_chain_is_found_by_the_next_checkpoint(sample: Sample) -> None:
    for draw in _places("rewrite")[:50]:
        seq = draw.randrange(RECORDS)
        chain = Chain()
        lines = []
        for number, line in enumerate(sample.lines):
            if number < seq:
                chain.take(line)
                lines.append(line)
                continue
            record = record_of(line)
            actor = "mallory" if number == seq else record["actor"]
            begin = head(record["kind"], actor, record["campaign"], record["candidate"], record["body"])
            lines.append(chain.add(begin, record["time"], int(record["mono_ns"])).line)
        report = sample.check(lines)
        assert not report.ok and report.first_bad is not None
        assert report.first_bad <= seq, "all good records before the change are still vouched for"
        assert "was changed" in report.problem


def test_a_changed_checkpoints_file(sample: Sample) -> None:
    for draw in _places("checkpoints"):
        changed = bytearray(sample.notes)
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        report = sample.check(sample.lines, notes=bytes(changed))
        assert not report.ok and report.problem


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda notes: b"", "no signed checkpoint"),
        (lambda notes: notes + notes, "out of order"),
        (lambda notes: notes + b"\nmore", "no checkpoint"),
    ],
)
def test_a_checkpoints_file_put_together_otherwise(
    sample: Sample, change: Callable[[bytes], bytes], problem: str
) -> None:
    report = sample.check(sample.lines, notes=change(sample.notes))
    assert not report.ok and problem in report.problem


def test_missing_and_renamed_segments(sample: Sample, tmp_path: Path) -> None:
    for number, (name, data) in enumerate(sample.segments):
        folder = tmp_path / str(number)
        shutil.copytree(sample.folder, folder)
        (folder / name).unlink()
        _must_find(verify(folder, sample.key), int(name.split(".")[0]))
        (folder / f"{int(name.split('.')[0]) + 1:016d}.jsonl").write_bytes(data)
        assert not verify(folder, sample.key).ok


def test_half_a_line_is_no_excuse_before_the_last_checkpoint(sample: Sample) -> None:
    report = sample.check([*sample.lines[:-1], sample.lines[-1][:-20]])
    _must_find(report, RECORDS - 1)
    assert sample.check([*sample.lines, b'{"hash":"']).ok


def test_a_log_of_another_name_is_found(sample: Sample, tmp_path: Path) -> None:
    other = tmp_path / "other"
    key = Ed25519PrivateKey.generate().public_key()
    AuditLog(other, _key(tmp_path)).close()
    report = verify(other, key)
    assert not report.ok and "another key" in report.problem
    assert (
        "different logs" in verify(other, load_public_key(public_path(tmp_path / "k")), outside=_note(tmp_path)).problem
    )


def _key(folder: Path) -> Path:
    ensure_signing_key(folder / "k")
    return folder / "k"


def _note(folder: Path) -> str:
    with AuditLog(folder / "third", folder / "k") as log:
        return log.checkpoint()


def test_what_cannot_be_read_is_a_report_and_no_crash(sample: Sample, tmp_path: Path) -> None:
    for report in (
        verify(tmp_path / "nothing", sample.key),
        verify(sample.folder, tmp_path / "nokey"),
        verify(sample.folder, sample.key, outside="nonsense"),
    ):
        assert not report.ok and report.problem and report.first_bad is None


def test_files_and_a_public_key_are_enough(sample: Sample, tmp_path: Path) -> None:
    """A stranger's machine: a copy of the files, read-only, in a process that can open no socket."""
    shutil.copytree(sample.folder, tmp_path / "copy")
    for unneeded in ("lock", "resume.json"):
        (tmp_path / "copy" / unneeded).unlink()
    shutil.copy(public_path(sample.folder.parent / "key"), tmp_path / "public.pem")
    program = (
        "import socket, sys; from pathlib import Path; socket.socket = None\n"
        "from daemon.records.verify import verify\n"
        "report = verify(Path(sys.argv[1]), Path(sys.argv[2])); print(report.ok, report.records)\n"
        "assert not {'sqlalchemy', 'git', 'docker', 'temporalio'} & set(sys.modules), 'only what it needs'\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "copy"), str(tmp_path / "public.pem")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == ["True", str(RECORDS)]
