"""The tables as SQLAlchemy Core sees them. What creates and alters them is `migrations.py`; a test holds the two equal.

Types are the ones that SQLite and PostgreSQL share. Times are Unix seconds (float). Ledger amounts are whole numbers in
the unit that the account's name says. Columns that hold JSON are text in canonical form.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, Table, Text

METADATA = MetaData()

schema_version = Table(
    "schema_version",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("applied", Float, nullable=False),
)

accounts = Table(
    "accounts",
    METADATA,
    Column("campaign", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("granted", BigInteger, nullable=False),
    Column("cap", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
)

extensions = Table(
    "extensions",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("created", Float, nullable=False),
)

reservations = Table(
    "reservations",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("settled", Float),
    Index("reservations_by_campaign", "campaign", "state"),
    Index("reservations_by_settled", "settled"),
    Index("reservations_by_state", "state"),
)

reservation_lines = Table(
    "reservation_lines",
    METADATA,
    Column("key", Text, ForeignKey("reservations.key"), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("actual", BigInteger),
)

spending = Table(
    "spending",
    METADATA,
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("campaign", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
)

model_calls = Table(
    "model_calls",
    METADATA,
    Column("candidate", Text, primary_key=True),
    Column("call_index", Integer, primary_key=True, autoincrement=False),
    Column("request_sha256", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("response", Text),
    Column("started", Float, nullable=False),
    Column("finished", Float),
)

kept = Table(
    "kept",
    METADATA,
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("created", Float, nullable=False),
)

campaigns = Table(
    "campaigns",
    METADATA,
    Column("campaign", Text, primary_key=True),
    Column("target", Text, nullable=False),
    Column("spec", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("opened", Float, nullable=False),
    Column("closed", Float),
)

candidates = Table(
    "candidates",
    METADATA,
    Column("candidate", Text, primary_key=True),
    Column("campaign", Text, ForeignKey("campaigns.campaign"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("parent", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("score", Float),
    Column("gain", Float),
    Column("low", Float),
    Column("high", Float),
    Column("pairs", Integer, nullable=False),
    Column("e_value", Float),
    Column("threshold", Float),
    Column("sealed_gain", Float),
    Column("sealed_low", Float),
    Column("sealed_high", Float),
    Column("sealed_pairs", Integer, nullable=False),
    Column("tree", Text, nullable=False),
    Column("commit_id", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("bundle", Text, nullable=False),
    Column("log", Text, nullable=False),
    Column("hypothesis", Text, nullable=False),
    Column("feedback", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("genome", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("spent", Text, nullable=False),
    Column("times", Text, nullable=False),
    Column("promoted", Boolean, nullable=False),
    Column("arm", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("second", Text, nullable=False),
    Column("inspirations", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("features", Text, nullable=False),
    Column("cases", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Index("candidates_by_number", "campaign", "number", unique=True),
    Index("candidates_by_parent", "parent"),
    Index("candidates_by_tree", "tree"),
    Index("candidates_by_update", "campaign", "updated"),
)

champion_moves = Table(
    "champion_moves",
    METADATA,
    Column("target", Text, primary_key=True),
    Column("move", Integer, primary_key=True, autoincrement=False),
    Column("candidate", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("moved", Float, nullable=False),
)

notes = Table(
    "notes",
    METADATA,
    Column("campaign", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("candidate", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created", Float, nullable=False),
)

trials = Table(
    "trials",
    METADATA,
    Column("trial", Text, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("candidate", Text, nullable=False),
    Column("genome", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("solved", Boolean, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("spent", Text, nullable=False),
    Column("transcript", Text, nullable=False),
    Column("finished", Float, nullable=False),
    Index("trials_by_candidate", "candidate"),
    Index("trials_by_genome", "campaign", "genome"),
)

rollouts = Table(
    "rollouts",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("candidate", Text, nullable=False),
    Column("genome", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("share", Float, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("started", Float, nullable=False),
    Column("ended", Float),
)

holds = Table(
    "holds",
    METADATA,
    Column("candidate", Text, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("opened", Float, nullable=False),
    Column("ended", Float),
    Index("holds_by_campaign", "campaign", "ended"),
)

hold_answers = Table(
    "hold_answers",
    METADATA,
    Column("candidate", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("action", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created", Float, nullable=False),
)

gpus = Table(
    "gpus",
    METADATA,
    Column("device", Text, primary_key=True),
    Column("vendor", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    Column("expires", Float, nullable=False),
    Column("hangs", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Float, nullable=False),
)
