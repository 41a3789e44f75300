"""One directory of `cases/`: its `meta.yaml`, and the candidate in whichever form it has."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

CASES = Path(__file__).resolve().parent / "cases"
TARGETS = Path(__file__).resolve().parent / "targets"

Form = Literal["edit", "bundles", "raw", "agent", "answer", "study", "none"]
"""How the candidate enters: files changed, whole bundles for the gate, raw bytes left by an agent, an agent of its own,
a model's answer to the real agent, or a study of something that no single candidate shows."""


class Meta(BaseModel):
    """`meta.yaml`. Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^(H[0-9]{2}|C[0-9]{1,2})[a-z]?$")
    """A letter marks a further form of the same attack."""
    title: str = Field(min_length=1)
    kind: str = Field(alias="class")
    source: str = Field(min_length=1)
    """Where the attack was seen, or what it is to show."""
    expect: tuple[str, ...] = Field(min_length=1)
    """Verdicts that are right; one that ends with `:` or `-` stands for all that begin so."""
    promises: tuple[int, ...] = ()
    target: str
    needs: Literal["docker", "gpu"] = "docker"
    deleted: tuple[str, ...] = ()
    hypothesis: str = ""
    note: str = ""


@dataclass(frozen=True)
class Case:
    """A case as it lies on the disk."""

    folder: Path
    meta: Meta

    @property
    def hostile(self) -> bool:
        """Whether nothing of it may ever be accepted."""
        return self.meta.id.startswith("H")

    @property
    def form(self) -> Form:
        """By what the directory holds."""
        if (self.folder / "files").is_dir():
            return "edit"
        if (self.folder / "agent").is_dir():
            return "agent"
        if (self.folder / "answer.txt").is_file():
            return "answer"
        if (self.folder / "study.py").is_file():
            return "study"
        if (self.folder / "make.py").is_file():
            return "raw" if hasattr(self.module("make"), "raw") else "bundles"
        return "none"

    def bundle(self, document: dict[str, Any] | None = None) -> bytes:
        """A bundle as an agent would leave it: the changed files of `files/`, or a document's own fields."""
        whole: dict[str, Any] = {"format": 1, "status": "proposed", "hypothesis": self.meta.hypothesis}
        if document is None:
            document = {"files": self._files(), "deleted": list(self.meta.deleted)}
        return json.dumps({**whole, **document}).encode()

    def module(self, name: str) -> ModuleType:
        """`make.py` or `study.py`."""
        spec = importlib.util.spec_from_file_location(f"corpus_{self.meta.id}_{name}", self.folder / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def _files(self) -> dict[str, dict[str, str]]:
        root = self.folder / "files"
        found = (path for path in sorted(root.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(root).as_posix(): {"mode": "100644", "text": path.read_text()} for path in found}

    def right(self, verdict: str) -> bool:
        """Whether the verdict is one of the expected."""
        return any(verdict == one or (one[-1] in ":-" and verdict.startswith(one)) for one in self.meta.expect)


def load(folder: Path) -> Case:
    """One case. Raises ValueError when `meta.yaml` is wrong."""
    case = Case(folder, Meta.model_validate(yaml.safe_load((folder / "meta.yaml").read_text())))
    if not folder.name.startswith(f"{case.meta.id}-"):
        raise ValueError(f"{folder.name} does not start with the case's id {case.meta.id}")
    if (case.form == "none") != (case.meta.needs == "gpu"):
        raise ValueError(f"{folder.name} holds no candidate, or one that needs a GPU")
    return case


def load_all() -> list[Case]:
    """All cases, by id."""
    return [load(path.parent) for path in sorted(CASES.glob("*/meta.yaml"))]
