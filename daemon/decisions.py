"""Decisions of the policy: their shape, and the strict reading of an answer. Pure; who asks is in `gate.py`.

Whatever cannot be read as a decision is no permission: only `allow is True`, an empty deny list, the schema version,
our decision id and the active revision permit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workflows.ports import RefusedError

QUESTIONS = ("edit", "budget", "stop", "sandbox", "model", "promote", "override", "genome")
"""What may be asked."""

SCHEMA = 1
"""Version of the answer's shape."""

_LEVELS = {"advisory", "dry-run", "soft-mandatory", "hard-mandatory"}
_ANSWER = {"schema", "allow", "deny", "warn", "require", "decision_id", "revision"}
_FINDING = {"code", "title", "msg", "path", "remedy", "level"}


class BadAnswerError(Exception):
    """The server's answer is not a decision; the message says in which way."""


@dataclass(frozen=True)
class Finding:
    """One rule that fired."""

    code: str
    title: str
    msg: str
    path: str = ""
    remedy: str = ""
    level: str = "hard-mandatory"
    word: str = ""
    """Short reason to stop (`patience`, `budget:tokens`); only in the decision `stop`."""


@dataclass(frozen=True)
class Decision:
    """An answer to one question. Ask `permitted`; the other fields are for people and records."""

    question: str
    allow: bool
    deny: tuple[Finding, ...]
    warn: tuple[Finding, ...]
    require: dict[str, Any]
    decision_id: str
    revision: str
    """Revision of the bundle that answered; empty when no real answer came."""
    cause: str = ""
    """`infra:…` when no real answer came: our fault, to be retried. Empty for a real answer, whatever it says."""
    seconds: float = 0.0
    """How long the answer took."""
    active: str = field(default="", repr=False)
    """Revision that was active when the question was asked."""

    @property
    def permitted(self) -> bool:
        """The only yes there is."""
        return (
            self.allow is True
            and self.deny == ()
            and self.cause == ""
            and self.decision_id != ""
            and self.revision != ""
            and self.revision == self.active
        )

    @property
    def hold(self) -> bool:
        """Neither yes nor no: `require["approvals"]` people have to sign within `require["expires_seconds"]`."""
        needed = self.require.get("approvals")
        return self.cause == "" and not self.allow and self.deny == () and type(needed) is int and needed > 0

    @property
    def soft(self) -> dict[str, Any]:
        """What an override could lift (`codes`, `wait_seconds`); empty unless every blocking finding is soft."""
        terms = self.require.get("override")
        only = all(found.level == "soft-mandatory" for found in self.deny)
        return terms if type(terms) is dict and self.deny and only and self.cause == "" else {}

    @property
    def reasons(self) -> tuple[str, ...]:
        """One plain sentence for each blocking finding, with its code and remedy."""
        return tuple(
            f"{found.code}{f' {found.path}' if found.path else ''}: {found.msg} {found.remedy}".strip()
            for found in self.deny
        )


def refusal(question: str, decision_id: str, cause: str, *, active: str = "", seconds: float = 0.0) -> Decision:
    """The answer when there is none: no, by our own fault. `cause` gets its prefix `infra:`."""
    finding = Finding(
        code="GATE-NO-ANSWER",
        title="No answer from the policy server",
        msg=f"The question {question} got no usable answer: {cause}.",
        remedy="This is retried by itself; `ratchet doctor` shows the policy server's state.",
    )
    return Decision(question, False, (finding,), (), {}, decision_id, "", f"infra:{cause}", seconds, active)


def refused(decision: Decision, fallback: str = "POLICY") -> RefusedError:
    """A real no as an error: its code is the first rule's, its message names every rule that fired."""
    code = decision.deny[0].code if decision.deny else fallback
    return RefusedError(code, "; ".join(decision.reasons) or "the policy does not permit it")


def read_answer(question: str, decision_id: str, active: str, response: object, seconds: float) -> Decision:
    """The decision in the body of a response to `POST /v1/data/ratchet/<question>/decision`.

    Raises BadAnswerError when anything at all is not as it has to be.
    """
    if type(response) is not dict:
        raise BadAnswerError("the response is not an object")
    if "result" not in response:
        raise BadAnswerError("the decision is undefined")
    result = response["result"]
    if type(result) is not dict:
        raise BadAnswerError("the result is not an object")
    if set(result) != _ANSWER:
        wrong = sorted(map(str, set(result) ^ _ANSWER))
        raise BadAnswerError(f"unexpected or missing in the result: {', '.join(wrong)}")
    if type(result["schema"]) is not int or result["schema"] != SCHEMA:
        raise BadAnswerError("the schema version is wrong")
    if type(result["allow"]) is not bool:
        raise BadAnswerError("`allow` is neither true nor false")
    if result["decision_id"] != decision_id or type(decision_id) is not str or not decision_id:
        raise BadAnswerError("the decision id is not ours")
    if type(result["revision"]) is not str or not result["revision"] or result["revision"] != active:
        raise BadAnswerError("the revision is not the active one")
    _check_provenance(response, active)
    if type(result["require"]) is not dict:
        raise BadAnswerError("`require` is not an object")
    deny = tuple(_finding(entry) for entry in _list(result, "deny"))
    warn = tuple(_finding(entry) for entry in _list(result, "warn"))
    if result["allow"] and deny:
        raise BadAnswerError("allowed and denied at once")
    return Decision(question, result["allow"], deny, warn, result["require"], decision_id, active, "", seconds, active)


def _check_provenance(response: dict[str, Any], active: str) -> None:
    """Where the server says which bundle it used, ours is among them at the active revision."""
    provenance = response.get("provenance")
    if provenance is None:
        return
    if type(provenance) is not dict:
        raise BadAnswerError("the provenance is not an object")
    bundles = provenance.get("bundles")
    if bundles is None:
        return
    if type(bundles) is not dict:
        raise BadAnswerError("the provenance's bundles are not an object")
    revisions = [bundle.get("revision") for bundle in bundles.values() if type(bundle) is dict]
    if active not in revisions:
        raise BadAnswerError("the server's bundles are of another revision")


def _list(result: dict[str, Any], name: str) -> list[object]:
    entries = result[name]
    if type(entries) is not list:
        raise BadAnswerError(f"`{name}` is not a list")
    return entries


def _finding(entry: object) -> Finding:
    if type(entry) is not dict or not set(entry) - {"word"} == _FINDING:
        raise BadAnswerError("a finding has unexpected or missing fields")
    if not all(type(value) is str for value in entry.values()):
        raise BadAnswerError("a finding's field is not text")
    if not entry["code"] or entry["level"] not in _LEVELS:
        raise BadAnswerError("a finding has no code or an unknown level")
    return Finding(**entry)
