"""`ratchet/scripted/<name>`: answers from a JSON-lines file, by candidate or by prompt. See scripts/README.md."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

REFUSAL = "I have no further answer: this script has ended."


class ScriptError(Exception):
    """The script is missing or malformed; the text names the file, the line and the remedy."""


class Line(BaseModel):
    """One line: the answer for one candidate, or one answer for each of its calls (the last one repeats).

    A line with `when` or `given` is a rule instead: it answers every prompt that fits it, whosever it is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer: str | None = None
    answers: list[str] = Field([], max_length=100)
    after: Literal["repeat", "refuse"] = "repeat"
    """On the last line: what candidates beyond it get."""
    when: str = ""
    """Regular expression that is searched in the last message."""
    given: str = ""
    """The same, in all messages together."""
    seconds: float = Field(0.0, ge=0, le=60)
    """How long the model thinks before it answers: for benches and tests of what happens meanwhile."""
    note: str = ""

    @field_validator("when", "given")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        return pattern

    @property
    def rule(self) -> bool:
        """Whether it answers by the prompt, not by the candidate's number."""
        return bool(self.when or self.given)

    def fits(self, prompt: Sequence[str]) -> bool:
        """Whether a rule answers this chat."""
        last = prompt[-1] if prompt else ""
        return re.search(self.when, last) is not None and re.search(self.given, "\n".join(prompt)) is not None

    def text(self, call: int) -> str:
        """The answer to call number `call`, from 0."""
        texts = [self.answer] if self.answer is not None else self.answers
        return texts[min(call, len(texts) - 1)] if texts else REFUSAL


def scripted_answer(folders: Sequence[Path], name: str, *, number: int, call: int, prompt: Sequence[str] = ()) -> str:
    """Answer for candidate `number` (from 1) to the texts of a chat: the first rule that fits, else the candidate's
    line, after its pause. Raises ScriptError."""
    script = _load(folders, name)
    fitting = next((line for line in script if line.rule and line.fits(prompt)), None)
    lines = [line for line in script if not line.rule]
    if fitting is None and (not lines or (number > len(lines) and lines[-1].after == "refuse")):
        return REFUSAL
    line = fitting or lines[min(max(number, 1), len(lines)) - 1]
    time.sleep(line.seconds)
    return line.text(call)


def _load(folders: Sequence[Path], name: str) -> tuple[Line, ...]:
    if _NAME.fullmatch(name) is None:
        raise ScriptError(f"script name {name!r}: use small letters, digits, '-' and '_'")
    path = next((folder / f"{name}.jsonl" for folder in folders if (folder / f"{name}.jsonl").is_file()), None)
    if path is None:
        raise ScriptError(f"no script {name}.jsonl in the scripts folders")
    facts = path.stat()
    return _read(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=16)
def _read(path: Path, changed_ns: int, size: int) -> tuple[Line, ...]:
    """A script is read again when its time or size changed: a long one costs more than its answer."""
    lines = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not text.strip():
            continue
        try:
            lines.append(Line.model_validate_json(text))
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            raise ScriptError(f"{path.name} line {number}: {problem['loc']}: {problem['msg']}") from error
    if not lines:
        raise ScriptError(f"{path.name} has no lines")
    return tuple(lines)
