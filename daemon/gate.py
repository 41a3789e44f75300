"""The policy decision point, asked: every effect asks here first, and an unclear answer is no.

The only importer of `opa_client`. That client returns `{}` for an undefined rule, follows proxies and redirects, and
waits for ever on a server that drips; so it only carries the bytes here, and `decisions.read_answer` decides what they
mean.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from opa_client import OpaClient

from daemon.deadlines import Line, Transport
from daemon.decisions import QUESTIONS, BadAnswerError, Decision, Finding, read_answer, refusal
from daemon.walls import second_wall

__all__ = ["QUESTIONS", "Decision", "Endpoint", "Finding", "Gate"]

DEADLINE = 1.8
"""Seconds from question to answer, retries included; the promise is 2.0."""

_PAUSE = 0.1
"""Seconds before a server that refused the connection is asked again."""

_THREADS = 32
"""Most questions at the same time; more wait, within their deadline."""


@dataclass(frozen=True)
class Endpoint:
    """Where the active bundle is served."""

    url: str
    token: str
    revision: str


class _Lane:
    """One client with one connection, used by one question at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        parts = urlsplit(endpoint.url)
        secure = parts.scheme == "https"
        self.endpoint = endpoint
        self.line = Line()
        self._client = OpaClient(
            host=parts.hostname or "",
            port=parts.port or (443 if secure else 80),
            ssl=secure,
            token=endpoint.token or None,
            retries=0,
            timeout=DEADLINE,
        )
        session = self._client._session
        session.trust_env = False  # no proxies, and no .netrc that would replace the token
        session.max_redirects = 0
        transport = Transport(self.line)
        session.mount("http://", transport)
        session.mount("https://", transport)

    def ask(self, question: str, facts: Mapping[str, Any], seconds: float) -> object:
        """One POST. Raises whatever requests or the JSON parser raise."""
        self._client.timeout = seconds
        return self._client.query_rule(
            input_data=facts,
            package_path=f"ratchet.{question}",
            rule_name="decision",
            query_params={"strict-builtin-errors": "true", "provenance": "true"},
        )

    def close(self) -> None:
        """Close the connection; nobody may be asking."""
        self.line.close()
        self._client.close_connection()


class Gate:
    """Asks the active policy server. Thread-safe; `close` when done.

    `endpoint` names the active server and is called anew for each attempt, so that a switch of servers is followed.
    `record` gets every decision before the caller does (write-ahead), its input as `redact` leaves it; when one of the
    two raises, the answer is no.
    """

    def __init__(
        self,
        endpoint: Callable[[], Endpoint],
        record: Callable[[dict[str, Any]], None] = lambda _: None,
        *,
        deadline: float = DEADLINE,
        redact: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        self._endpoint = endpoint
        self._record = record
        self._redact = redact
        self._deadline = deadline
        self._workers = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="gate")
        self._idle: list[_Lane] = []
        self._lock = threading.Lock()  # protects _idle

    @property
    def revision(self) -> str:
        """Revision of the active bundle. Raises what `endpoint` raises."""
        return self._endpoint().revision

    def decide(self, question: str, facts: Mapping[str, Any], *, campaign: str = "", candidate: str = "") -> Decision:
        """Ask one question about `facts` (without `decision_id`, which is added). Never raises.

        `campaign` and `candidate` go into the record only. Anything but a real answer is a refusal with a `cause`.
        """
        began = time.monotonic()
        decision_id = uuid.uuid4().hex
        asked: dict[str, Any] = {}
        try:
            asked = {**facts, "decision_id": decision_id}
            encoded = json.dumps(asked, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()
            digest = hashlib.sha256(encoded).hexdigest()
        except (TypeError, ValueError, RecursionError) as error:
            decision, digest = refusal(question, decision_id, f"the question is not plain JSON ({error})"), ""
        else:
            decision = self._answer(question, asked, decision_id, began)
        return self._recorded(decision, digest, asked, campaign, candidate)

    def close(self) -> None:
        """Close all connections; questions still open get a refusal."""
        with self._lock:
            idle, self._idle = self._idle, []
        for lane in idle:
            lane.close()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _answer(self, question: str, asked: Mapping[str, Any], decision_id: str, began: float) -> Decision:
        if question not in QUESTIONS:
            return refusal(question, decision_id, "there is no such question")
        cause = "no time left"
        active = ""
        while True:
            left = began + self._deadline - time.monotonic()
            if left <= 0:
                return refusal(question, decision_id, cause, active=active, seconds=time.monotonic() - began)
            try:
                endpoint = self._endpoint()
                active = endpoint.revision
                response = self._ask(endpoint, question, asked, left)
                decision = read_answer(question, decision_id, active, response, time.monotonic() - began)
                return second_wall(decision, asked)
            except (requests.ConnectionError, ConnectionError) as error:
                # Nobody listens, or an idle connection went stale, or the server was being replaced: asking is free of
                # effects, so ask again while there is time.
                cause = f"cannot reach the policy server ({_short(error)})"
                time.sleep(min(_PAUSE, max(0.0, began + self._deadline - time.monotonic())))
            except FutureTimeoutError:
                cause = f"no answer within {self._deadline:g} s"
            except BadAnswerError as error:
                return refusal(question, decision_id, str(error), active=active, seconds=time.monotonic() - began)
            except Exception as error:
                return refusal(question, decision_id, _short(error), active=active, seconds=time.monotonic() - began)

    def _ask(self, endpoint: Endpoint, question: str, asked: Mapping[str, Any], seconds: float) -> object:
        lane = self._take(endpoint)
        future = self._workers.submit(lane.ask, question, asked, seconds)
        try:
            response = future.result(timeout=seconds)
        except BaseException:
            # The worker that still waits on this connection fails at once, and closes it when it is done with it.
            future.cancel()
            lane.line.cut()
            future.add_done_callback(lambda _: lane.close())
            raise
        with self._lock:
            self._idle.append(lane)
        return response

    def _take(self, endpoint: Endpoint) -> _Lane:
        stale = []
        try:
            with self._lock:
                while self._idle:
                    lane = self._idle.pop()
                    if lane.endpoint == endpoint:
                        return lane
                    stale.append(lane)
            return _Lane(endpoint)
        finally:
            for lane in stale:
                lane.close()

    def _recorded(
        self, decision: Decision, digest: str, asked: Mapping[str, Any], campaign: str, candidate: str
    ) -> Decision:
        try:
            self._record(
                {
                    "question": decision.question,
                    "decision_id": decision.decision_id,
                    "campaign": campaign,
                    "candidate": candidate,
                    "permitted": decision.permitted,
                    "hold": decision.hold,
                    "allow": decision.allow,
                    "deny": [asdict(found) for found in decision.deny],
                    "warn": [asdict(found) for found in decision.warn],
                    "require": decision.require,
                    "revision": decision.revision,
                    "active_revision": decision.active,
                    "cause": decision.cause,
                    "input_sha256": digest,
                    "input": self._redact(dict(asked)),
                    "seconds": round(decision.seconds, 6),
                }
            )
        except Exception as error:
            cause = f"the decision could not be recorded ({_short(error)})"
            return refusal(decision.question, decision.decision_id, cause, active=decision.active)
        return decision


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def served_revision(endpoint: Endpoint) -> str:
    """The revision that a server says it decides by; empty when it gives no readable decision. Never raises."""
    lane = _Lane(endpoint)
    try:
        response = lane.ask("stop", {}, DEADLINE)
        result = response.get("result") if type(response) is dict else None
        revision = result.get("revision") if type(result) is dict else None
        return revision if type(revision) is str else ""
    except Exception:
        return ""
    finally:
        lane.close()
