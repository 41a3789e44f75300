"""The audit log's writer: who did what, when and why, appended once and never changed.

`append(durable=True)` returns when the record is on disk; appends that wait at the same time share one fsync (the first
becomes the leader and writes for all). `durable=False` returns at once and is on disk within a second. Signed
checkpoints follow every 1,000 records, every 60 s, and on close. One process writes, held by a lock file.

When the disk refuses, the file is cut back to its last good end; appends that waited fail with AuditUnavailable and are
not in the log (so the effect they announce must not happen), buffered ones are kept for the next try.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from daemon.records.chain import BadRecord, Chain, head, records, segment_name
from daemon.records.files import append_durably, make_private, sync_directory
from daemon.records.keys import BadKey, load_signing_key
from daemon.records.notes import Checkpoint, sign
from daemon.records.pruning import BadPruning, going, keep_leaves, let_go
from daemon.records.recovery import CHECKPOINTS, Damaged, mark_recorded, recover, set_aside, write_hint
from workflows.ports import InfrastructureError

FORMAT = 1
_MOST_BUFFERED = 10_000
_LOGGER = logging.getLogger(__name__)


class AuditUnavailable(InfrastructureError):
    """The log cannot be written: nothing that needs a record may happen until it can."""


class Record(NamedTuple):
    """A record's place: seq, hash (hex), UTC time. Final for durable records; see `AuditLog.append` for the others."""

    seq: int
    hash: str
    time: str


class _Entry:
    """An append under way."""

    __slots__ = ("durable", "error", "head", "line", "mono_ns", "record", "time", "written")

    def __init__(self, begin: bytes, durable: bool) -> None:
        self.head, self.durable = begin, durable
        self.time, self.mono_ns = "", 0
        self.line, self.record = b"", Record(-1, "", "")
        self.written, self.error = False, ""


class AuditLog:
    """The one writer of a log directory. Thread-safe. Use as a context manager, or call `close`.

    Raises AuditUnavailable from the constructor when the directory or key cannot be used, when another process writes
    there, or when the log does not hold what was signed. `on_checkpoint` gets each signed note, to keep it outside; it
    is called while appends wait, so it should only hand the note over.
    """

    def __init__(
        self,
        directory: Path,
        signing_key: Path,
        *,
        segment_bytes: int = 64 * 1024 * 1024,
        checkpoint_records: int = 1000,
        checkpoint_seconds: float = 60.0,
        flush_seconds: float = 1.0,
        on_checkpoint: Callable[[str], None] | None = None,
    ) -> None:
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._checkpoint_records = checkpoint_records
        self._checkpoint_seconds = checkpoint_seconds
        self._on_checkpoint = on_checkpoint
        self._turn = threading.Condition()
        self._pending: list[_Entry] = []
        self._flushing = False
        self._closed = False
        self._problem = ""
        self._note = ""
        self._lock = self._segment = -1
        try:
            self._open(signing_key)
        except (OSError, BadKey, Damaged) as error:
            self._release()
            raise AuditUnavailable(f"audit: cannot write {directory}: {error}") from error
        self._announce()
        self._stop = threading.Event()
        self._flusher = threading.Thread(target=self._flush_regularly, args=(flush_seconds,), name="audit", daemon=True)
        self._flusher.start()

    def append(
        self,
        kind: str,
        *,
        actor: str,
        campaign: str = "",
        candidate: str = "",
        body: dict[str, Any],
        durable: bool = True,
    ) -> Record:
        """Append a record; `body` is JSON as `canonical` takes it, at most 256 KiB. Text that is no Unicode is mended.

        A durable record is on disk on return. A buffered one's seq and hash may still change until the next durable
        append returns (after a failed write). Raises AuditUnavailable, ValueError for a body that is no JSON.
        """
        try:
            begin = head(kind, actor, campaign, candidate, body)
        except ValueError:
            begin = head(_mend(kind), _mend(actor), _mend(campaign), _mend(candidate), _mend(body))
        entry = _Entry(begin, durable)
        with self._turn:
            if self._closed:
                raise AuditUnavailable("audit: the log is closed")
            if len(self._pending) >= _MOST_BUFFERED:
                self._flush(again=True)
            if len(self._pending) >= _MOST_BUFFERED:
                raise AuditUnavailable(f"audit: {self._problem}")
            if durable and self._problem:
                # A checkpoint that could not be signed off leaves records unprotected: try again before adding more.
                self._flush(again=True)
                if self._problem:
                    raise AuditUnavailable(f"audit: {self._problem}")
            self._seal(entry)
            self._pending.append(entry)
            if durable:
                while not (entry.written or entry.error):
                    self._flush()
                if entry.error:
                    raise AuditUnavailable(f"audit: {entry.error}")
        return entry.record

    def flush(self) -> None:
        """Bring everything appended so far to disk. Raises AuditUnavailable."""
        with self._turn:
            self._flush(again=True)
            if self._problem:
                raise AuditUnavailable(f"audit: {self._problem}")

    def checkpoint(self) -> str:
        """Sign the log as it is now; returns the note (give it to someone outside). Raises AuditUnavailable."""
        with self._turn:
            self._flush(checkpoint=True, again=True)
            if self._problem:
                raise AuditUnavailable(f"audit: {self._problem}")
            return self._note

    def prune(self, days: int, *, now: datetime | None = None) -> int:
        """Let segments go whose records are all older than `days`; returns how many records. See `pruning`.

        Raises AuditUnavailable (a log that is not sound is not pruned either), ValueError below the shortest retention.
        """
        try:
            what = going(self._directory, self._key.public_key(), days, now)
            if what is None:
                return 0
            kept = keep_leaves(self._directory, self._key, self._origin, what)
            body = {
                "first": what.first,
                "size": what.size,
                "root": kept.root.hex(),
                "oldest": what.oldest,
                "newest": what.newest,
                "days": days,
            }
            self.append("audit.prune", actor="daemon", body=body)
            self.checkpoint()
            let_go(self._directory, what)
        except (OSError, BadPruning, BadRecord) as error:
            raise AuditUnavailable(f"audit: cannot prune: {error}") from error
        return len(what.leaves)

    @property
    def size(self) -> int:
        """Number of records on disk."""
        with self._turn:
            return self._good.chain.size

    @property
    def problem(self) -> str:
        """Why the log cannot be written at the moment; empty when it can."""
        with self._turn:
            return self._problem

    def close(self) -> None:
        """Write a last record and checkpoint, and let go of the log. May be repeated. Raises AuditUnavailable."""
        with self._turn:
            if self._closed:
                return
        self._stop.set()
        self._flusher.join()
        try:
            self.append("audit.close", actor="daemon", body={})
            self.checkpoint()
        finally:
            with self._turn:
                self._closed = True
                self._release()

    def __enter__(self) -> AuditLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, signing_key: Path) -> None:
        make_private(self._directory)
        self._key = load_signing_key(signing_key)
        self._lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Damaged("another process writes this log; stop it first") from None
        self._good = recover(self._directory, self._key.public_key())
        self._chain = self._good.chain.copy()
        self._dirty = True
        self._signed_at = time.monotonic()
        if self._good.signed is not None:
            self._origin = self._good.signed.origin
        elif self._chain.size:
            self._origin = str(next(records(self._directory))["body"].get("origin", ""))
        else:
            self._origin = f"ratchet/audit/{secrets.token_hex(8)}"
        self._segment = self._open_segment(self._good.segment)

    def _open_segment(self, path: Path) -> int:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        sync_directory(self._directory)
        return descriptor

    def _announce(self) -> None:
        """The first record of this run, and one for each thing that a crash left behind."""
        body = {
            "format": FORMAT,
            "origin": self._origin,
            "public_key": self._key.public_key().public_bytes_raw().hex(),
            "resumed_at": self._chain.size,
        }
        try:
            self.append("audit.open", actor="daemon", body=body)
            for path in set_aside(self._directory):
                torn = path.read_bytes()
                facts = {"bytes": len(torn), "file": path.name, "sha256": sha256(torn).hexdigest()}
                self.append("audit.torn", actor="daemon", body=facts)
                mark_recorded(path)
            if self._good.signed is None:
                self.checkpoint()
        except (OSError, AuditUnavailable) as error:
            self._release()
            raise AuditUnavailable(f"audit: cannot write {self._directory}: {error}") from error

    def _seal(self, entry: _Entry) -> None:
        if not entry.time:
            entry.time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            entry.mono_ns = time.monotonic_ns()
        seq = self._chain.size
        entry.line, leaf = self._chain.add(entry.head, entry.time, entry.mono_ns)
        entry.record = Record(seq, leaf.hex(), entry.time)

    def _flush(self, *, checkpoint: bool = False, again: bool = False) -> None:
        """Write what is pending as the leader, or wait for the one at work (`again`: then do it). Needs the turn."""
        while self._flushing:
            self._turn.wait()
            if not again:
                return
        batch, self._pending = self._pending, []
        end, sign_now = self._chain.copy(), checkpoint or self._due(self._chain.size)
        self._flushing = True
        self._turn.release()
        written, problem = False, ""
        try:
            self._write(batch, end)
            written = True
            if sign_now:
                self._sign()
        except OSError as error:
            problem = f"{error.filename or self._directory}: {error.strerror or error}"
        finally:
            self._turn.acquire()
            self._flushing = False
            self._problem = problem
            if written:
                for entry in batch:
                    entry.written = True
            else:
                self._roll_back(batch, problem or "the writer was interrupted")
            self._turn.notify_all()

    def _due(self, size: int) -> bool:
        signed = self._good.signed.size if self._good.signed else 0
        late = time.monotonic() - self._signed_at >= self._checkpoint_seconds
        return size - signed >= self._checkpoint_records or (late and size > signed)

    def _write(self, batch: list[_Entry], end: Chain) -> None:
        if self._dirty:
            os.ftruncate(self._segment, self._good.offset)
            self._dirty = False
        if not batch:
            return
        if self._good.offset >= self._segment_bytes:
            path = self._directory / segment_name(self._good.chain.size)
            fresh = self._open_segment(path)
            os.close(self._segment)
            self._segment, self._good = fresh, self._good._replace(segment=path, offset=0)
            os.ftruncate(fresh, 0)
        data = memoryview(b"".join(entry.line for entry in batch))
        self._dirty = True
        done = 0
        while done < len(data):
            done += os.pwrite(self._segment, data[done:], self._good.offset + done)
        os.fsync(self._segment)
        self._dirty = False
        self._good = self._good._replace(chain=end, offset=self._good.offset + done)

    def _sign(self) -> None:
        place = self._good
        if place.signed is None or place.signed.size < place.chain.size:
            signed = Checkpoint(self._origin, place.chain.size, place.chain.frontier.root())
            note = sign(signed, self._key)
            append_durably(self._directory / CHECKPOINTS, note.encode() + b"\n")
            self._note, self._good = note, place._replace(signed=signed)
            write_hint(self._directory, self._good)
            self._publish(note)
        self._signed_at = time.monotonic()

    def _publish(self, note: str) -> None:
        if self._on_checkpoint is None:
            return
        try:
            self._on_checkpoint(note)
        except Exception:
            _LOGGER.exception("a checkpoint of %d records was not taken outside", self._good.chain.size)

    def _roll_back(self, batch: list[_Entry], problem: str) -> None:
        self._chain = self._good.chain.copy()
        for entry in batch:
            if entry.durable:
                entry.error = problem
        self._pending = [entry for entry in batch if not entry.durable] + self._pending
        for entry in self._pending:
            self._seal(entry)

    def _flush_regularly(self, seconds: float) -> None:
        while not self._stop.wait(seconds):
            with self._turn:
                if self._pending or self._problem or self._due(self._chain.size):
                    self._flush()

    def _release(self) -> None:
        for descriptor in (self._segment, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._segment = self._lock = -1


def _mend(value: Any) -> Any:
    """What a hostile or broken value becomes, so that it cannot keep a record out of the log."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_mend(key): _mend(inside) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_mend(inside) for inside in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and not abs(value) <= 2**53 - 1:
        return repr(value)
    return value
