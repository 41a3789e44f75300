"""Activities: the ports, as Temporal sees them. No decisions here."""

from __future__ import annotations

import contextvars
import functools
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError, FailureError

from workflows import queues
from workflows.models import (
    CampaignFacts,
    CampaignSpec,
    CandidateOutcome,
    CandidateSpec,
    Choice,
    Commit,
    Edit,
    Hold,
    Progress,
    Promotion,
    Proposal,
    Scorecard,
    StopAnswer,
    StopQuestion,
)
from workflows.outside import Submission
from workflows.people import Approval, BudgetExtension, Escalation, Note, Override
from workflows.ports import CampaignPort, CandidatePort, HeldError, InfrastructureError, RefusedError
from workflows.reports import CampaignReport

BUG_RULE = "bug"
"""What a mistake of ours is called where a refusal would name its rule."""

P = ParamSpec("P")
R = TypeVar("R")


def translated(method: Callable[P, R]) -> Callable[P, R]:
    """Turn the ports' two errors into what Temporal's retry policies tell apart.

    Trouble of the host (`OSError`: a full disk, a lost mount) is infrastructure too. Anything else is a mistake in the
    daemon's own code: worth a few attempts, in case it was a matter of timing, and never retried for ever.
    """

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except HeldError as error:
            hold = error.hold.model_dump(mode="json")
            raise ApplicationError(str(error), error.rule, hold, type="HeldError", non_retryable=True) from error
        except RefusedError as error:
            raise ApplicationError(str(error), error.rule, type="RefusedError", non_retryable=True) from error
        except InfrastructureError as error:
            raise ApplicationError(str(error), type="InfrastructureError") from error
        except (OSError, MemoryError) as error:
            raise ApplicationError(f"host: {error}", type="InfrastructureError") from error
        except FailureError:
            raise
        except Exception as error:
            last = activity.info().attempt >= queues.BUG_ATTEMPTS
            told = f"bug: {type(error).__name__}: {error}"[:2000]
            raise ApplicationError(told, BUG_RULE, type="Bug", non_retryable=last) from error

    return call


def heartbeating(method: Callable[P, R]) -> Callable[P, R]:
    """Heartbeat from beside a blocking activity, so that a dead worker is noticed and a cancellation arrives."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        done = threading.Event()

        def beat() -> None:
            while not done.wait(queues.HEARTBEAT.total_seconds() / 3):
                activity.heartbeat()

        thread = threading.Thread(target=contextvars.copy_context().run, args=(beat,), name="heartbeat", daemon=True)
        thread.start()
        try:
            return method(*args, **kwargs)
        finally:
            done.set()
            thread.join()

    return call


class CampaignActivities:
    """The steps around a campaign."""

    def __init__(self, port: CampaignPort) -> None:
        self._port = port

    @activity.defn
    @heartbeating
    @translated
    def open_campaign(self, campaign: str, spec: CampaignSpec) -> CampaignFacts:
        """See `CampaignPort.open`."""
        return self._port.open(campaign, spec)

    @activity.defn
    @translated
    def choose(
        self, spec: CampaignSpec, facts: CampaignFacts, number: int, submission: Submission | None = None
    ) -> Choice:
        """See `CampaignPort.choose`."""
        return self._port.choose(spec, facts, number, submission)

    @activity.defn
    @translated
    def check_stop(self, question: StopQuestion) -> StopAnswer:
        """See `CampaignPort.stop`."""
        return self._port.stop(question)

    @activity.defn
    @translated
    def extend_budget(self, campaign: str, extension: BudgetExtension) -> dict[str, int]:
        """See `CampaignPort.extend`."""
        return self._port.extend(campaign, extension)

    @activity.defn
    @translated
    def receive(self, campaign: str, submission: Submission) -> None:
        """See `CampaignPort.receive`."""
        self._port.receive(campaign, submission)

    @activity.defn
    @translated
    def override_hold(self, campaign: str, hold: Hold, given: Override) -> str:
        """See `CampaignPort.answer`."""
        return self._port.answer(campaign, hold, "override", given)

    @activity.defn
    @translated
    def escalate_hold(self, campaign: str, hold: Hold, given: Escalation) -> str:
        """See `CampaignPort.answer`."""
        return self._port.answer(campaign, hold, "escalate", given)

    @activity.defn
    @translated
    def reject_hold(self, campaign: str, hold: Hold, given: Approval) -> str:
        """See `CampaignPort.answer`."""
        return self._port.answer(campaign, hold, "reject", given)

    @activity.defn
    @translated
    def keep_note(self, campaign: str, note: Note) -> None:
        """See `CampaignPort.note`."""
        self._port.note(campaign, note)

    @activity.defn
    @heartbeating
    @translated
    def close_campaign(self, spec: CampaignSpec, facts: CampaignFacts, progress: Progress) -> CampaignReport:
        """See `CampaignPort.close`."""
        return self._port.close(spec, facts, progress)


class CandidateActivities:
    """The arrows of the one path."""

    def __init__(self, port: CandidatePort) -> None:
        self._port = port

    @activity.defn
    @heartbeating
    @translated
    def propose(self, spec: CandidateSpec) -> Proposal:
        """See `CandidatePort.propose`."""
        return self._port.propose(spec)

    @activity.defn
    @translated
    def gate_edit(self, spec: CandidateSpec, proposal: Proposal) -> Edit:
        """See `CandidatePort.gate`."""
        return self._port.gate(spec, proposal)

    @activity.defn
    @heartbeating
    @translated
    def screen(self, spec: CandidateSpec, edit: Edit) -> Edit:
        """See `CandidatePort.screen`."""
        return self._port.screen(spec, edit)

    @activity.defn
    @translated
    def commit(self, spec: CandidateSpec, edit: Edit, proposal: Proposal) -> Commit:
        """See `CandidatePort.commit`."""
        return self._port.commit(spec, edit, proposal)

    @activity.defn
    @translated
    def pick_device(self, spec: CandidateSpec) -> str:
        """See `CandidatePort.device`."""
        return self._port.device(spec)

    @activity.defn
    @heartbeating
    @translated
    def evaluate(self, spec: CandidateSpec, edit: Edit) -> Scorecard:
        """See `CandidatePort.evaluate`."""
        return self._port.evaluate(spec, edit)

    @activity.defn
    @heartbeating
    @translated
    def promote(self, spec: CandidateSpec, edit: Edit, card: Scorecard, approvals: list[Approval]) -> Promotion:
        """See `CandidatePort.promote`."""
        return self._port.promote(spec, edit, card, approvals)

    @activity.defn
    @translated
    def reject(self, spec: CandidateSpec, approval: Approval) -> None:
        """See `CandidatePort.reject`."""
        self._port.reject(spec, approval)

    @activity.defn
    @translated
    def record(
        self,
        spec: CandidateSpec,
        proposal: Proposal,
        edit: Edit,
        commit: Commit | None,
        card: Scorecard,
        promotion: Promotion | None,
    ) -> CandidateOutcome:
        """See `CandidatePort.record`."""
        return self._port.record(spec, proposal, edit, commit, card, promotion)
