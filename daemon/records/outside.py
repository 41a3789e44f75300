"""Where checkpoints of the audit log go, so that cutting the log back would show: a file, a git remote, or a command.

A place is written as `file:/path`, `git:URL`, `command:program words…` or `witness:URL KEY`. A file gets every note
appended; a remote gets a commit on the branch named by the log's origin, never forced; a command gets the note on
standard input; a witness vouches for it, unless it knows another history of the log (`witnessed.py`). Sending
goes on beside the log: a place that is away holds nothing up, is told, and is tried again, with the newest note.
"""

from __future__ import annotations

import logging
import os
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from daemon.records.files import append_durably, make_private

if TYPE_CHECKING:
    from daemon.records.witnessed import WitnessPlace

log = logging.getLogger(__name__)

SEND_SECONDS = 30.0
"""How long one attempt may take."""
RETRY_SECONDS = (1.0, 60.0)
"""First and longest wait between attempts."""
_PASSED_ON = ("PATH", "HOME", "LANG", "SSH_AUTH_SOCK")
"""Environment that git and commands get: enough for keys of the operator, and none of the daemon's secrets."""


class Place(Protocol):
    """Somewhere outside the daemon's reach."""

    def send(self, note: str) -> None:
        """Leave a note there. Raises OSError or subprocess.SubprocessError."""


class FilePlace:
    """A file, best on another machine's disk or an append-only one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, note: str) -> None:
        """Append; what a crash cut short is completed to a note's end first, so that the new one can be read."""
        make_private(self.path.parent)
        data = note.encode() + b"\n"
        if self.path.exists() and not (kept := self.path.read_bytes()).endswith(b"\n\n") and kept:
            data = b"\n\n" + data
        append_durably(self.path, data)

    def notes(self, origin: str) -> str:
        """All notes that are there. Raises OSError."""
        return self.path.read_text(encoding="utf-8")


class GitPlace:
    """A branch of a remote repository: one commit a note, on top of what is there."""

    def __init__(self, url: str, work: Path) -> None:
        self._url = url
        self._work = work

    def send(self, note: str) -> None:
        """Commit and push; what others pushed meanwhile is kept underneath."""
        branch, size = note.split("\n")[:2]
        if not self._work.is_dir():
            self._git("init", "--quiet", "--bare", str(self._work))
        for last in (False, True):
            self._commit(f"refs/heads/{branch}", note, f"{size} records")
            try:
                self._git("push", "--quiet", self._url, f"refs/heads/{branch}")
                return
            except subprocess.CalledProcessError:
                if last:
                    raise
                self._git("fetch", "--quiet", self._url, f"+refs/heads/{branch}:refs/heads/{branch}")

    def notes(self, origin: str) -> str:
        """The newest note of the log with this origin. Raises OSError, subprocess.SubprocessError."""
        if not self._work.is_dir():
            self._git("init", "--quiet", "--bare", str(self._work))
        self._git("fetch", "--quiet", self._url, f"+refs/heads/{origin}:refs/outside/{origin}")
        return self._git("show", f"refs/outside/{origin}:checkpoint")

    def _commit(self, ref: str, note: str, message: str) -> None:
        try:
            parent = self._git("rev-parse", "--quiet", "--verify", ref).strip()
        except subprocess.CalledProcessError:
            parent = ""
        blob = self._git("hash-object", "-w", "--stdin", given=note).strip()
        tree = self._git("mktree", given=f"100644 blob {blob}\tcheckpoint\n").strip()
        if parent and self._git("rev-parse", f"{parent}^{{tree}}").strip() == tree:
            return
        over = ("-p", parent) if parent else ()
        commit = self._git("commit-tree", tree, *over, "-m", message).strip()
        self._git("update-ref", ref, commit, parent or "0" * 40)

    def _git(self, *words: str, given: str = "") -> str:
        who = {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER") for field, value in _NAMES.items()}
        folder = () if words[0] == "init" else ("--git-dir", str(self._work))
        return _run(["git", *folder, *words], given, {**who, "GIT_TERMINAL_PROMPT": "0"})


class CommandPlace:
    """A program that takes the note on its standard input and ends with status 0 when it has it."""

    def __init__(self, words: list[str]) -> None:
        self._words = words

    def send(self, note: str) -> None:
        """Run it once."""
        _run(self._words, note, {})


_NAMES = {"NAME": "ratchet", "EMAIL": "ratchet@localhost"}


def place_of(setting: str, home: Path) -> FilePlace | GitPlace | CommandPlace | WitnessPlace:
    """The place that a setting names, for the state folder `home`. Raises ValueError with the forms that there are."""
    kind, _, rest = setting.partition(":")
    if kind == "file" and Path(rest).is_absolute():
        return FilePlace(Path(rest))
    if kind == "git" and rest and not rest.startswith("-"):
        return GitPlace(rest, home / "checkpoints.git")
    if kind == "command" and rest.strip():
        return CommandPlace(shlex.split(rest))
    if kind == "witness":
        from daemon.records.witnessed import WitnessPlace  # needs cryptography, which most commands do not

        return WitnessPlace.parse(rest, home)
    raise ValueError(f"{setting!r} is none of file:/absolute/path, git:URL, command:program words, witness:URL KEY")


def split(text: str) -> list[str]:
    """The notes in a text: one, or many with an empty line after each."""
    parts = re.split(r"\n\n+(?!—)", text.strip("\n"))
    return [part + "\n" for part in parts if part]


class Sent(NamedTuple):
    """How it stands: size of the log when a note last arrived, when (Unix seconds), and what is wrong since."""

    size: int = 0
    at: float = 0.0
    problem: str = ""


class Outside:
    """Sends notes, the newest one first and only. Thread-safe; `close` when done."""

    def __init__(
        self, place: Place, told: Callable[[Sent], None] = lambda _: None, *, retry: tuple[float, float] = RETRY_SECONDS
    ) -> None:
        self._place = place
        self._told = told
        self._first, self._longest = retry
        self._news = threading.Condition()
        self._newest = ""
        self._closing = False
        self._state = Sent()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    @property
    def state(self) -> Sent:
        """How it stands."""
        with self._news:
            return self._state

    def offer(self, note: str) -> None:
        """Hand a note over; never blocks."""
        with self._news:
            self._newest = note
            self._news.notify()

    def close(self, seconds: float = 5.0) -> None:
        """Try once more to send what is still here, for at most `seconds`."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        wait = self._first
        while True:
            with self._news:
                self._news.wait_for(lambda: self._newest or self._closing)
                note, self._newest, closing = self._newest, "", self._closing
            if not note:
                return
            problem = self._send(note)
            if not problem:
                wait = self._first
                continue
            if closing:
                return
            with self._news:
                self._newest = self._newest or note
                self._news.wait_for(lambda: self._closing, timeout=wait)
            wait = min(wait * 2, self._longest)

    def _send(self, note: str) -> str:
        try:
            self._place.send(note)
        except Exception as error:  # a place of the operator's own: whatever it is, it is told and tried again
            problem = _words(error)
            fresh = self._state._replace(problem=problem)
            if problem != self._state.problem:
                log.error("a checkpoint did not get outside; trying again", extra={"problem": problem})
        else:
            problem = ""
            fresh = Sent(int(note.split("\n")[1]), time.time())
        with self._news:
            self._state = fresh
        self._told(fresh)
        return problem


def _run(words: list[str], given: str, more: dict[str, str]) -> str:
    env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    done = subprocess.run(
        words, input=given, env={**env, **more}, capture_output=True, text=True, timeout=SEND_SECONDS, check=True
    )
    return done.stdout


def _words(error: Exception) -> str:
    said = (error.stderr or "").strip() if isinstance(error, subprocess.CalledProcessError) else ""
    return f"{type(error).__name__}: {error}{f': {said}' if said else ''}"[:500]
