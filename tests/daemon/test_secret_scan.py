"""What looks like a secret is found; ordinary code is not."""

from __future__ import annotations

import pytest

from daemon.secret_scan import MAX_FOUND, find_secrets

# Put together at run time, so that no scanner takes this file for a leak.
SECRETS = {
    "private key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "AWS key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "GitHub token": "ghp_" + "a1" * 18,
    "GitLab token": "glpat-" + "a1" * 10,
    "Slack token": "xoxb-" + "1234567890",
    "model provider key": "sk-ant-" + "a1" * 12,
    "Google key": "AIza" + "a" * 35,
    "Hugging Face token": "hf_" + "a" * 30,
    "JSON web token": "eyJ" + "a" * 20 + ".eyJ" + "b" * 20,
    "password in a URL": "postgres://user:" + "hunter2@db/x",
    "assigned secret": 'API_KEY = "' + "a1b2c3d4e5f6a7b8" + '"',
}


@pytest.mark.parametrize("kind", SECRETS)
def test_found(kind: str) -> None:
    assert list(find_secrets([(7, f"x = {SECRETS[kind]}")])) == [(7, kind)]


@pytest.mark.parametrize(
    "line",
    [
        "", "int token = next(stream);", "password = getenv('DB_PASSWORD')", "#define SECRET_SIZE 32",
        "see https://example.org/a:b@c", "const char *key = \"tile\";", "sk-learn", "token: ${TOKEN}",
        "secret = 'replace-me-please-now'",
    ],
)  # fmt: skip
def test_not_found(line: str) -> None:
    assert list(find_secrets([(1, line)])) == []


def test_bounded() -> None:
    lines = ((number, SECRETS["AWS key"]) for number in range(10_000))
    assert len(list(find_secrets(lines))) == MAX_FOUND


def test_long_lines_are_no_trap() -> None:
    """Patterns stay linear: this would not end with one that is not."""
    for text in ("a" * 100_000, "eyJ" * 30_000, "://" * 30_000, "secret = '" * 10_000, "-----BEGIN " * 9_000):
        list(find_secrets([(1, text)]))
