"""Every input, result and carried state of the workflows.

Inputs (`Strict`) refuse unknown fields, so a typo in a campaign file fails the start. Results and carried state
(`Stored`) ignore unknown fields, so that a history written by a newer release still loads.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from workflows.outside import Submission

Account = Literal["micro_usd", "tokens", "cpu_ms", "gpu_ms", "wall_ms", "candidates", "sealed_queries"]
"""A ledger account; the unit is in the name (micro-US-dollars, tokens, milliseconds, counts)."""

ACCOUNTS: tuple[Account, ...] = ("micro_usd", "tokens", "cpu_ms", "gpu_ms", "wall_ms", "candidates", "sealed_queries")

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
ModelName = Annotated[str, Field(min_length=1, max_length=200)]
Role = Literal["plan", "edit", "review", "summarise", "embed", "novelty"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Strict(BaseModel):
    """An input from outside: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Stored(BaseModel):
    """A result or carried state: unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Budget(Strict):
    """Caps of one campaign, in the units people think in. Absent means the policy's default cap."""

    usd: float | None = Field(None, ge=0)
    tokens: int | None = Field(None, ge=0)
    cpu_seconds: float | None = Field(None, ge=0)
    gpu_seconds: float | None = Field(None, ge=0)
    wall_seconds: float | None = Field(None, ge=0)
    sealed_queries: int | None = Field(None, ge=0)

    def amounts(self) -> dict[Account, int]:
        """The caps that are set, in ledger units."""
        scaled: dict[Account, float | int | None] = {
            "micro_usd": None if self.usd is None else self.usd * 1_000_000,
            "tokens": self.tokens,
            "cpu_ms": None if self.cpu_seconds is None else self.cpu_seconds * 1000,
            "gpu_ms": None if self.gpu_seconds is None else self.gpu_seconds * 1000,
            "wall_ms": None if self.wall_seconds is None else self.wall_seconds * 1000,
            "sealed_queries": self.sealed_queries,
        }
        return {account: round(value) for account, value in scaled.items() if value is not None}


class CampaignSpec(Strict):
    """What a person asks for when starting a campaign (the file given to `temporal workflow start --input-file`)."""

    target: Name
    """A folder under `kernels/`."""
    candidates: int = Field(40, ge=1, le=100_000)
    """Stop after this many candidates have been decided."""
    in_flight: int = Field(2, ge=1, le=64)
    model: str = Field("ratchet/tuner", min_length=1, max_length=200)
    """`ratchet/tuner`, `ratchet/scripted/<name>`, any LiteLLM model name that settings allow, or `ratchet/outside`:
    candidates are handed in by somebody else, see `workflows/outside.py`."""
    models: tuple[ModelName, ...] = Field((), max_length=16)
    """An ensemble instead of `model`: a bandit finds out which gains most for its price, and the others stand in when
    a provider fails."""
    roles: dict[Role, ModelName] = {}
    """Other models for parts of the work; what is not named here is done by the candidate's own model."""
    strategy: (
        Literal["epsilon-greedy", "sigmoid-children", "moving-midpoint", "clade", "best", "pareto", "islands", "iid"]
        | None
    ) = None
    """How parents are chosen; absent: `epsilon-greedy`, for a genome `clade` (see `daemon.search.picking`). Where no
    gain comes for long, another one has its turns."""
    crossover: float = Field(0.15, ge=0, le=1)
    """Share of candidates that join two parents, where there are two."""
    fix: float = Field(0.15, ge=0, le=1)
    """Share of candidates that repair a broken near-winner, where there is one and the model can read its log."""
    control_arm: float = Field(0.0, ge=0, le=0.9)
    """Share of candidates that start from the seed with no memory: what sampling alone would find, for comparison."""
    recommend_every: int = Field(10, ge=0, le=1000)
    """Candidates after which the lessons for later prompts are drawn anew; 0: none."""
    seed: int = Field(0, ge=0)
    patience: int | None = Field(None, ge=1)
    """Stop after this many decided, decisive candidates without an acceptance. Absent: the policy's number."""
    target_score: float | None = None
    """Stop when the best score (see `Scorecard.score`) reaches this."""
    budget: Budget = Budget()
    started_by: str = Field("", max_length=200)
    note: str = Field("", max_length=2000)
    transfer_model: str = Field("", max_length=200)
    """Genome campaigns: the other model that a version is tried with before its promotion."""
    carried: Carried | None = None
    """Set by the workflow itself when it continues as new; refused from anyone else. (One argument, because the SDK
    decodes by type only when the number of arguments matches.)"""


class TargetFacts(Stored):
    """What the workflow needs to know about a target, fixed at campaign start."""

    name: str
    kind: str
    metric: str
    """Name of the metric, as shown to people."""
    metric_kind: Literal["time", "score"]
    integrity: Literal["isolated", "cohabiting"] = "isolated"
    manifest: str
    """SHA-256 over the target's judge, reference, data and settings: what must not change during a campaign."""
    devices: tuple[Literal["rocm", "cuda"], ...] = ()
    """Makes of GPU that its candidates are measured on; empty: none is needed."""


class Forecast(Stored):
    """What a campaign will have taken from one account when all its candidates are decided, in ledger units."""

    expected: int
    low: int
    high: int
    """95 % interval, cut at what is spent already; the cap, where there is one, is not looked at."""
    basis: Literal["candidates", "earlier", "maximum"]
    """From this campaign's own candidates, from earlier ones of the target, or from what is reserved at most."""


class CampaignFacts(Stored):
    """Fixed facts of an opened campaign."""

    campaign: str
    target: TargetFacts
    seed_candidate: str
    """Id of the candidate that holds the seed tree: `<campaign>-c0`."""
    image: str
    policy_revision: str
    genome: str
    """Tree hash of the agent that proposes."""
    canary: str = ""
    """Tree hash of a new agent under trial, which proposes a share of the candidates; empty when there is none."""
    canary_share: float = 0.0
    patience: int
    caps: dict[Account, int]
    planned: int = 1
    """Candidates over which the chance of a false acceptance is spread evenly."""
    sigma: float = 0.0
    """Noise of one run in the unit of the gains, measured seed against seed when the campaign opened."""
    detectable: float | None = None
    """Smallest gain that a candidate can be accepted for with 80 % probability; absent when none can be."""
    forecast: dict[Account, Forecast] = {}
    """As of the campaign's opening, before anything was paid for a candidate."""
    doctor: str = ""
    """Blob hash of the doctor's report on the machine, as of the opening."""
    search_attributes: bool = False
    """Whether the server knows ours (`queues.SEARCH_ATTRIBUTES`); upserting unknown ones would block the workflow."""


class Choice(Stored):
    """What the search chose for one candidate number."""

    number: int
    candidate: str
    parent: str
    """What the candidate is measured against, and starts from unless `operator` is `fix`."""
    model: str
    seed: int
    fallbacks: tuple[str, ...] = ()
    """Models to ask instead when `model`'s provider fails."""
    roles: dict[str, str] = {}
    """As in the campaign's spec."""
    arm: Literal["main", "control"] = "main"
    operator: Literal["mutate", "crossover", "fix"] = "mutate"
    second: str = ""
    """Crossover: the other parent. Fix: the broken candidate that is to be mended."""
    inspirations: tuple[str, ...] = ()
    """Candidates to show beside the parent."""
    genome: str = ""
    """Tree hash of the agent that proposes this candidate; empty for the campaign's."""
    submitted: str = ""
    """Blob hash of a bundle that was made outside: nobody is asked to propose."""


class CandidateSpec(Stored):
    """Input of one Candidate workflow."""

    campaign: str
    choice: Choice
    facts: CampaignFacts


class Proposal(Stored):
    """What came out of the agent: a bundle of changed files in the blob store, or an honest failure."""

    verdict: str = ""
    """Empty when there is something to gate; else `failed:<reason>`, `killed:<limit>` or `inconclusive:<infra>`."""
    bundle: str = ""
    """Blob hash of the bundle (JSON, see `sandbox/copyout.py`)."""
    hypothesis: str = ""
    feedback: str = ""
    """Why there is nothing to gate, in the agent's own words or ours; at most 4 kB."""


class Edit(Stored):
    """The gated tree: what exactly will be judged, mounted and committed."""

    verdict: str = ""
    """Empty when permitted; else `denied:<rule>` or `failed:<reason>` (a near-twin, an empty edit)."""
    reasons: tuple[str, ...] = ()
    tree: str = ""
    decision_id: str = ""


class Commit(Stored):
    """A tree in the archive."""

    commit: str
    ref: str


class Scorecard(Stored):
    """The judge's measurement of a candidate against its parent."""

    verdict: str
    """`accepted`, `failed:<reason>`, `killed:<limit>`, `quarantined:<rule>` or `inconclusive:<infra>`."""
    score: float | None = None
    """Higher is better. Time targets: natural log of the speed-up over the seed. Score targets: the metric itself."""
    gain: float | None = None
    """Mean paired difference to the parent: log speed-up for time targets, metric difference for score targets."""
    low: float | None = None
    high: float | None = None
    """95 % interval of `gain`."""
    pairs: int = 0
    e_value: float | None = None
    threshold: float | None = None
    """`1/alpha_j`: the e-value that acceptance needed."""
    feedback: str = ""
    """Public part of the log, for the next proposer; at most 4 kB."""
    log: str = ""
    """Blob hash of the whole bounded log."""
    cases: dict[str, float] = {}
    """Score on each visible case, in the unit of `score`."""


class Promotion(Stored):
    """Answer of the promotion step."""

    status: Literal["promoted", "hold", "refused", "not-better"]
    reasons: tuple[str, ...] = ()
    hold: Hold | None = None
    """What people are asked; set when status is `hold`."""
    gain: float | None = None
    low: float | None = None
    high: float | None = None


class CandidateOutcome(Stored):
    """What the parent workflow learns when a candidate is decided."""

    number: int
    candidate: str
    parent: str
    verdict: str
    score: float | None = None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    pairs: int = 0
    hypothesis: str = ""
    promoted: bool = False
    reasons: tuple[str, ...] = ()
    ancestry: tuple[str, ...] = ()
    """Ids from the parent back towards the seed, nearest first, at most 32."""
    spent: dict[Account, int] = {}
    """Everything that was booked for it."""


class Hold(Stored):
    """A candidate that waits for people: for approvals, or for an override of what denied it softly."""

    candidate: str
    kind: Literal["approval", "override"] = "approval"
    reasons: tuple[str, ...]
    statement: str
    """Canonical JSON. An approver signs just this; every other answer is signed with its own action and terms in it."""
    approvals_needed: int = 0
    given: tuple[str, ...] = ()
    """Who signed so far, of those whose approval counts."""
    roles: tuple[str, ...] = ()
    """Roles that the approvers must have."""
    codes: tuple[str, ...] = ()
    """Rules that an override has to name."""
    since: float
    """Unix seconds."""
    expires: float
    """Unix seconds at which it turns into no; part of the statement."""


class AccountLine(Stored):
    """One account of a campaign, in ledger units; `cap` absent means that nothing may be spent."""

    cap: int | None = None
    spent: int = 0
    reserved: int = 0


class Costs(Stored):
    """What decided candidates took from one account: how many, sum, and sum of squares."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0


class Progress(Stored):
    """Everything that survives continue-as-new, and all that a stop decision may look at."""

    next_number: int = 1
    decided: int = 0
    verdicts: dict[str, int] = {}
    """Count by verdict class (`accepted`, `failed`, `denied`, `killed`, `quarantined`, `inconclusive`)."""
    best: str = ""
    best_score: float | None = None
    champion: str = ""
    """The promoted candidate; the seed until something is promoted."""
    since_accepted: int = 0
    crash_streak: int = 0
    denial_streak: int = 0
    started: float = 0.0
    """Unix seconds of the campaign's first task."""
    paused: bool = False
    stopping: str = ""
    """Reason, once a stop was decided."""
    stopping_detail: str = ""
    """The same in a sentence, where there is one."""
    notes: tuple[str, ...] = ()
    """The newest 20; all of them are in the archive."""
    leaders: tuple[CandidateOutcome, ...] = ()
    """The ten best scores so far, best first."""
    accounts: dict[str, AccountLine] = {}
    """As of the last stop decision."""
    inbox: tuple[Submission, ...] = ()
    """Candidates made outside that wait to be chosen, oldest first."""
    costs: dict[Account, Costs] = {}
    """Of the decided candidates, for the forecast."""


class Carried(Stored):
    """What one run of the Campaign workflow hands to the next (continue-as-new)."""

    facts: CampaignFacts
    progress: Progress


class StopQuestion(Stored):
    """Input of the stop decision."""

    campaign: str
    spec: CampaignSpec
    facts: CampaignFacts
    progress: Progress
    wall_seconds: float


class StopAnswer(Stored):
    """Whether another candidate may start; `reason` says why not (`candidates`, `budget:<account>`, `patience`)."""

    stop: bool
    reason: str = ""
    detail: str = ""
    """The reason in a sentence."""
    in_flight: int | None = None
    """Candidates that policy allows at the same time; absent leaves it to the campaign."""
    accounts: dict[str, AccountLine] = {}


Promotion.model_rebuild()
CampaignSpec.model_rebuild()
