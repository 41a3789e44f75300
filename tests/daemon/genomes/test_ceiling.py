"""The ceiling of a version of the agent: edits that reach beyond it are seen, honest ones are not in the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.genomes.ceiling import FORBIDDEN, MOST_TOOLS, ceiling_facts, objections
from daemon.repo import File

AGENT = Path(__file__).resolve().parent.parent.parent.parent / "daemon" / "agent"
BASE = {
    path.relative_to(AGENT).as_posix(): File(path.read_bytes())
    for path in sorted(AGENT.rglob("*"))
    if path.is_file() and "__pycache__" not in path.parts
}
TOML = BASE["genome.toml"].data.decode()


def edited(text: str, **files: str) -> dict[str, object]:
    tools = {f"tools/{name}.py": File(body.encode()) for name, body in files.items()}
    return ceiling_facts(BASE, {"genome.toml": File(text.encode()), **tools}, ())


def with_tool(name: str) -> str:
    text = TOML.replace('"note"]', f'"note", "{name}"]')
    assert text != TOML
    return text


def test_a_new_tool_within_the_ceiling_is_welcome() -> None:
    facts = edited(with_tool("recall"), recall="USAGE = ''")
    assert facts["readable"] and facts["fields"] == [] and "recall" in facts["tools"]  # type: ignore[operator]
    assert objections(facts) == ()


def test_behaviour_and_name_are_its_own() -> None:
    text = TOML.replace('name = "generation-0"', 'name = "other"').replace(
        "feedback_chars = 4000", "feedback_chars = 1"
    )
    facts = edited(text + "\n")
    assert text != TOML and facts["fields"] == [] and objections(facts) == ()


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('entry = "agent.py"', 'entry = "other.py"', "entry"),
        ("model = true", "model = false", "capabilities.model"),
        ("model = true", "model = 1", "capabilities.model"),
        ("model = true", "model = true\nnetwork = true", "capabilities.network"),
        ("model = true", 'model = true\nmounts = ["/"]', "capabilities.mounts"),
        ("[capabilities]", "[limits]\ncalls = 1000\n\n[capabilities]", "limits.calls"),
        ("format = 1\n", "", "format"),
    ],
)
def test_what_people_own_is_refused(old: str, new: str, field: str) -> None:
    assert old in TOML
    facts = edited(TOML.replace(old, new))
    assert facts["fields"] == [field]
    assert objections(facts) == (f"GENOME-FIELD {field} is not the agent's to change",)


def test_limits_that_are_there_stay() -> None:
    limited = TOML + "\n[limits]\ncalls = 4\n"
    base = {**BASE, "genome.toml": File(limited.encode())}
    raised = limited.replace("calls = 4", "calls = 5")
    for changed, deleted in (({"genome.toml": File(raised.encode())}, ()), ({"genome.toml": File(TOML.encode())}, ())):
        assert ceiling_facts(base, changed, deleted)["fields"] == ["limits.calls"]


@pytest.mark.parametrize("name", ["shell", "docker", "approve", "Recall", "../x", "a b", ""])
def test_names_that_no_data_lets_in(name: str) -> None:
    facts = {"readable": True, "fields": [], "tools": [name]}
    assert any(one.startswith("GENOME-TOOL") for one in objections(facts))


def test_the_shipped_ceiling_forbids_what_the_host_forbids() -> None:
    shipped = (AGENT.parent.parent / "policies" / "ratchet" / "genome" / "data.yaml").read_text()
    (line,) = [line for line in shipped.splitlines() if line.startswith("tools: [")]
    names = {name.strip() for name in line.removeprefix("tools: [").rstrip("]").split(",")}
    assert not names & FORBIDDEN
    assert set(ceiling_facts(BASE, {}, ())["tools"]) <= names


@pytest.mark.parametrize(
    ("text", "files"),
    [("not [toml", {}), (with_tool("recall"), {}), ("", {})],
)
def test_what_cannot_be_read_is_refused(text: str, files: dict[str, str]) -> None:
    facts = edited(text, **files)
    assert objections(facts) != ()


def test_a_deleted_genome_is_refused() -> None:
    assert not ceiling_facts(BASE, {}, ("genome.toml",))["readable"]
    assert not ceiling_facts(BASE, {}, ("tools/read.py",))["readable"]


def test_too_many_tools() -> None:
    many = {"readable": True, "fields": [], "tools": [f"t{number}" for number in range(MOST_TOOLS + 1)]}
    assert any(one.startswith("GENOME-TOOLS") for one in objections(many))
    assert any(one.startswith("GENOME-TOOLS") for one in objections({**many, "tools": ["read", "read"]}))


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    facts = ceiling_facts(BASE, {"genome.toml": File(data)}, ())
    assert objections(facts) != () or facts["readable"]
