"""No secret of 25 kinds gets into what is written down, and what is none stays readable."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.decisions import Decision
from daemon.gate import Endpoint, Gate
from daemon.gateway.catalogue import ModelEntry
from daemon.logs import JSONFormatter
from daemon.parts import redactor_of
from daemon.redaction import Redactor, in_environment
from daemon.settings import Settings

CANARIES = {
    **{f"{name}_{kind}": f"canary-{name.lower()}-{kind.lower()}-93f1" for name in ("A", "B") for kind in (
        "API_KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIALS", "AUTH",
    )},
    "aws": "AKIA" + "Z7Q2" * 4,
    "github": "ghp_" + "a1B2" * 9,
    "gitlab": "glpat-" + "x9" * 10,
    "slack": "xoxb-1234567890-abc",
    "openai": "sk-proj-" + "Aa0" * 8,
    "anthropic": "sk-ant-" + "Bb1" * 8,
    "google": "AIza" + "c3d" * 11 + "ee",
    "huggingface": "hf_" + "Qq2" * 10,
    "jwt": "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0NTY3ODkw",
    "url": "postgresql://ana:hunter2hunter2@db.example.org/x",
    "pem": "-----BEGIN OPENSSH PRIVATE KEY-----",
}  # fmt: skip
ENVIRONMENT = {name: value for name, value in CANARIES.items() if name.isupper()}


def redactor() -> Redactor:
    return Redactor(in_environment(ENVIRONMENT))


def test_there_are_25() -> None:
    assert len(CANARIES) == len(set(CANARIES.values())) == 25


@pytest.mark.parametrize("name", CANARIES)
def test_a_secret_in_a_question_is_asked_and_not_recorded(name: str) -> None:
    recorded: list[dict[str, Any]] = []

    def broken() -> Endpoint:
        raise RuntimeError("no server is needed for this")

    gate = Gate(broken, recorded.append, redact=redactor().value)
    secret = CANARIES[name]
    facts = {"by": f"ana {secret}", "changes": [{"path": f"src/{secret}.c", "note": {secret: secret}}]}
    decision: Decision = gate.decide("edit", facts)
    gate.close()
    assert not decision.permitted and len(recorded) == 1
    assert secret not in json.dumps(recorded)
    assert "ana [secret: " in recorded[0]["input"]["by"]
    assert facts["by"] == f"ana {secret}", "what is asked is not changed"


@pytest.mark.parametrize("name", CANARIES)
def test_a_secret_in_a_log_line_is_not_written(name: str) -> None:
    secret = CANARIES[name]
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "it said %s", (secret,), None)
    record.detail = f"and {secret}"
    try:
        raise ValueError(secret)
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    line = JSONFormatter(redactor().text).format(record)
    assert secret not in line
    assert json.loads(line)["message"].startswith("it said [secret: ")


def test_equal_secrets_are_seen_to_be_equal_within_one_life_and_no_longer() -> None:
    one = redactor()
    assert one.text(CANARIES["aws"]) == one.text(CANARIES["aws"]) != one.text("AKIA" + "Z7Q3" * 4)
    assert one.text(CANARIES["aws"]) != redactor().text(CANARIES["aws"])


@given(st.recursive(st.text(alphabet="abc _./-", max_size=6) | st.integers() | st.none() | st.booleans(), st.lists))
def test_what_is_no_secret_is_unchanged(value: Any) -> None:
    assert redactor().value(value) == value


def test_the_whole_token_goes_and_not_only_its_beginning() -> None:
    for name in ("github", "gitlab", "slack", "openai", "anthropic", "google", "huggingface", "jwt"):
        longer = CANARIES[name] + "Zz9Zz9"
        assert "Zz9" not in redactor().text(f"it said {longer} then"), name


def test_a_private_key_goes_to_its_last_line() -> None:
    block = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ\n-----END PRIVATE KEY-----"
    said = redactor().text(f"before\n{block}\nafter")
    assert "MC4C" not in said and said.startswith("before\n[secret: private key") and said.endswith("]\nafter")


def test_the_daemon_knows_the_secrets_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_VENDOR_API_KEY", "canary-from-the-environment")
    settings = Settings(
        state=tmp_path,
        opa_token="canary-of-the-gate",
        database_url="postgresql://ana:canary-of-the-records@db.example.org/ratchet",
        models=(ModelEntry.model_validate({"name": "a/b", "api_key": "canary-of-a-model"}),),
    )
    for secret in ("canary-from-the-environment", "canary-of-the-gate", "canary-of-the-records", "canary-of-a-model"):
        assert secret not in redactor_of(settings).text(f"it said {secret}.")
