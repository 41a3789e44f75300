"""What stands in a task's `task.toml` and `tests/cases.json`, field by field. Unknown fields are errors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from kernels.target_model import Line, Pattern, Section

Split = Literal["visible", "validation", "sealed"]
Word = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class TaskFile(Section):
    """`task.toml`."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")
    """The folder's name."""
    title: Line
    language: Literal["python", "c"]
    split: Split
    """`visible`: an agent may be developed on it. `validation`: scores its versions. `sealed`: asked once, at last."""
    editable: tuple[Pattern, ...] = Field(min_length=1)
    file: Pattern
    """Python: the file whose functions are called. C: the main file, whose name the program gets."""
    statement: str = Field(min_length=20, max_length=2000)
    """What the agent is told."""


class CallAsk(Section):
    """Call one function with plain values."""

    call: Word
    args: list[Any]


class StepsAsk(Section):
    """Make an object (or take the module: null) and call its methods in turn."""

    new: Word | None
    args: list[Any]
    steps: list[list[Any]] = Field(min_length=1)

    @model_validator(mode="after")
    def _steps_name_methods(self) -> StepsAsk:
        if not all(step and isinstance(step[0], str) for step in self.steps):
            raise ValueError("each step is [name, argument, …]")
        return self


class ProgramAsk(Section):
    """Run the built program."""

    stdin: str
    args: tuple[str, ...] = ()


class CheckCase(Section):
    """One check: what is asked, and exactly one of `expect`, `raises` and `rule`."""

    name: Line
    ask: CallAsk | StepsAsk | ProgramAsk
    expect: Any = None
    """The value, one per step, or what the program prints (blanks at the end do not count)."""
    raises: Word | None = None
    rule: Word | None = None
    """A function of `tests/rules.py`: (ask, value) -> None or what is wrong."""
    tolerance: float = Field(0.0, ge=0, le=1)
    code: int = 0
    """Exit code of a program."""

    @model_validator(mode="after")
    def _one_way_to_be_right(self) -> CheckCase:
        given = [name for name in ("expect", "raises", "rule") if name in self.model_fields_set]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of expect, raises and rule (has {', '.join(given) or 'none'})")
        if isinstance(self.ask, StepsAsk) and "expect" in given and len(self.ask.steps) != len(self.expect or []):
            raise ValueError("expect needs one value per step")
        return self


class CasesFile(Section):
    """`tests/cases.json`. The agent is shown the visible cases; the hidden ones decide."""

    visible: list[CheckCase] = Field(min_length=1)
    hidden: list[CheckCase] = Field(min_length=3)

    @model_validator(mode="after")
    def _names_differ(self) -> CasesFile:
        names = [case.name for case in (*self.visible, *self.hidden)]
        if len(set(names)) != len(names):
            raise ValueError("two cases have the same name")
        return self
