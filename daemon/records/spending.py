"""What was spent within a time, without reading every reservation of it: sums by minute, booked with each settlement.

Settlements from before there were such sums are read one by one; a day after the change there are none to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, Text, bindparam, func, or_, select, text

from daemon.records.tables import reservation_lines, reservations, schema_version, spending
from workflows.models import Account

MINUTE = 60
SUMS_SINCE_VERSION = 6
"""Of the schema."""

_CALL = "/call/"
_ADD = text(
    "INSERT INTO spending (minute, campaign, model, account, amount) "
    "VALUES (:minute, :campaign, :model, :account, :amount) "
    "ON CONFLICT (minute, campaign, model, account) DO UPDATE SET amount = spending.amount + excluded.amount"
)

_BEGUN = select(schema_version.c.applied).where(schema_version.c.version == SUMS_SINCE_VERSION)
_SUMS = (
    select(spending.c.account, func.sum(spending.c.amount))
    .where(
        spending.c.minute >= bindparam("minute"),
        or_(bindparam("of", type_=Text) == "", spending.c.campaign == bindparam("of")),
        or_(bindparam("by", type_=Text) == "", spending.c.model == bindparam("by")),
    )
    .group_by(spending.c.account)
)
_LINES = select(
    reservations.c.key,
    reservations.c.campaign,
    reservation_lines.c.account,
    func.coalesce(reservation_lines.c.actual, reservation_lines.c.amount),
).join_from(reservations, reservation_lines, reservations.c.key == reservation_lines.c.key)
_OPEN = _LINES.where(reservations.c.state == "open")
_BEFORE = _LINES.where(
    reservations.c.state == "settled",
    reservations.c.settled >= bindparam("since"),
    reservations.c.settled < bindparam("begun"),
)


def model_of(key: str) -> str:
    """The model that a key names, as in `<candidate>/call/<model>/<index>/<digest>/<attempt>`; or nothing."""
    _, call, rest = key.partition(_CALL)
    return rest.rsplit("/", 3)[0] if call else ""


def add(connection: Connection, campaign: str, key: str, unix: float, amounts: Mapping[Account, int]) -> None:
    """Book a settlement's amounts at the minute of `unix` (Unix seconds)."""
    names = {"minute": int(unix // MINUTE), "campaign": campaign, "model": model_of(key)}
    rows = [{**names, "account": account, "amount": amount} for account, amount in amounts.items() if amount]
    if rows:
        connection.execute(_ADD, rows)


def since(connection: Connection, unix: float, campaign: str = "", model: str = "") -> dict[str, int]:
    """Settled amounts by account since the minute of `unix`, plus open reservations at their maximum.

    Of all campaigns and models, or of one.
    """
    begun = connection.execute(_BEGUN).scalar_one()
    names = {"minute": int(unix // MINUTE), "of": campaign, "by": model}
    found = [(str(account), int(amount)) for account, amount in connection.execute(_SUMS, names)]
    found += _lines(connection, _OPEN, {}, campaign, model)
    if unix < begun:
        found += _lines(connection, _BEFORE, {"since": unix, "begun": begun}, campaign, model)
    sums: dict[str, int] = {}
    for account, amount in found:
        sums[account] = sums.get(account, 0) + amount
    return sums


def _lines(
    connection: Connection, query: Select[Any], names: dict[str, float], campaign: str, model: str
) -> list[tuple[str, int]]:
    """Of the reservations that are meant, read one by one."""
    return [
        (account, int(taken))
        for key, of, account, taken in connection.execute(query, names)
        if campaign in ("", of) and model in ("", model_of(key))
    ]
