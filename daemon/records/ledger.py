"""The ledger: reserve the maximum before an effect, settle what it took after it.

For every account of a campaign `spent + reserved <= cap` holds whenever a reservation is granted, over all threads and
processes, because check and booking are one write transaction. A reservation that nobody settled (a crash) counts at
its maximum until somebody does. A settlement above its reservation is booked as it was, so that an overshoot shows.

A key names one attempt at one effect. Doing the same thing again with the same key changes nothing; an attempt that
spends again needs a key of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, cast

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, func, insert, select, update

from daemon.records import spending
from daemon.records.db import Database
from daemon.records.tables import accounts, extensions, reservation_lines, reservations
from workflows.models import ACCOUNTS, Account
from workflows.ports import RefusedError

Amounts = Mapping[Account, int]
_LARGEST = 2**62


class Line(NamedTuple):
    """One account: cap, settled spending, and open reservations, in the account's unit."""

    cap: int
    spent: int
    reserved: int

    @property
    def left(self) -> int:
        """What a reservation may still ask for; negative after an overshoot."""
        return self.cap - self.spent - self.reserved


class Reservation(NamedTuple):
    """A reservation: `amounts` are the maxima; `actual` is empty until it is settled."""

    key: str
    campaign: str
    state: Literal["open", "settled", "released"]
    amounts: dict[Account, int]
    actual: dict[Account, int]
    created: float


class BudgetExceeded(RefusedError):
    """A reservation that does not fit. `cap` is None when the account was never opened (an unknown cap is no cap)."""

    def __init__(self, account: str, cap: int | None, spent: int, reserved: int, asked: int) -> None:
        if cap is None:
            message = f"budget: no cap is set for {account}, so nothing may be spent from it; set one for the campaign"
        else:
            message = (
                f"budget: {account} has {cap - spent - reserved} left of {cap} ({spent} spent, {reserved} reserved), "
                f"{asked} asked; extend the budget or let open work settle"
            )
        super().__init__(f"budget:{account}", message)
        self.account, self.cap, self.spent, self.reserved, self.asked = account, cap, spent, reserved, asked


class LedgerConflict(RefusedError):
    """A key or campaign that exists already with other contents, or a key that nobody reserved."""

    def __init__(self, message: str) -> None:
        super().__init__("ledger:conflict", message)


class Ledger:
    """Accounts of all campaigns. All methods are safe to repeat, from any thread or process."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def open(self, campaign: str, caps: Amounts) -> None:
        """Set the campaign's caps. Raises LedgerConflict when it was opened with other caps."""
        _check(caps)
        with self._db.begin() as connection:
            granted = {str(row["account"]): int(row["granted"]) for row in _accounts(connection, campaign)}
            if granted:
                if {account: value for account, value in granted.items() if value >= 0} != dict(caps):
                    raise LedgerConflict(
                        f"ledger: campaign {campaign} is open with other caps; use extend to raise them"
                    )
                return
            for account, cap in caps.items():
                _add_account(connection, campaign, account, granted=cap, cap=cap)

    def reserve(self, campaign: str, key: str, amounts: Amounts) -> Reservation:
        """Set `amounts` aside, all or nothing. A key that was released may be reserved again.

        Raises BudgetExceeded when one account has too little left or no cap, LedgerConflict when the key is in use for
        another campaign or other amounts.
        """
        _check(amounts)
        now = time.time()
        with self._db.begin() as connection:
            lines = {str(row["account"]): row for row in _accounts(connection, campaign)}
            known = _find(connection, key)
            if known is not None:
                if known.campaign != campaign or _told(known.amounts) != _told(amounts):
                    raise LedgerConflict(
                        f"ledger: key {key} is in use with other amounts; a new attempt needs a new key"
                    )
                if known.state != "released":
                    return known
            for account in sorted(amounts):
                line = lines.get(account)
                if line is None:
                    raise BudgetExceeded(account, None, 0, 0, amounts[account])
                cap, spent, reserved = int(line["cap"]), int(line["spent"]), int(line["reserved"])
                if spent + reserved + amounts[account] > cap:
                    raise BudgetExceeded(account, cap, spent, reserved, amounts[account])
            if known is None:
                row = {"key": key, "campaign": campaign, "state": "open", "created": now}
                connection.execute(insert(reservations), row)
                rows = [{"key": key, "account": account, "amount": amount} for account, amount in amounts.items()]
                if rows:
                    connection.execute(insert(reservation_lines), rows)
            else:
                again = update(reservations).where(reservations.c.key == key)
                connection.execute(again.values(state="open", created=now, settled=None))
            _book(connection, [_change(campaign, account, reserved=amount) for account, amount in amounts.items()])
            return Reservation(key, campaign, "open", dict(amounts), {}, now)

    def settle(self, key: str, actual: Amounts) -> Reservation:
        """Book what the effect took and free the rest; the first settlement of a key stands.

        An account that was reserved but is not in `actual` is booked at its reserved maximum: unknown is never zero (so
        `settle(key, {})` closes an effect with unknown outcome). One that was not reserved is booked too. Settling a
        released key books the spending all the same. Raises LedgerConflict for an unknown key.
        """
        _check(actual)
        with self._db.begin() as connection:
            known = _find(connection, key)
            if known is None:
                raise LedgerConflict(f"ledger: nothing was reserved under {key}; reserve before the effect")
            if known.state == "settled":
                return known
            lines = {str(row["account"]) for row in _accounts(connection, known.campaign)}
            booked: dict[Account, int] = {**known.amounts, **actual}
            for account in booked.keys() - lines:
                _add_account(connection, known.campaign, account, granted=-1, cap=0)
            freed = known.amounts if known.state == "open" else {}
            changes = [
                _change(known.campaign, account, spent=amount, reserved=-freed.get(account, 0))
                for account, amount in booked.items()
            ]
            _book(connection, changes)
            reserved = [
                {"of": key, "name": account, "taken": booked[account]} for account in booked if account in known.amounts
            ]
            if reserved:
                connection.execute(_SETTLE_LINE, reserved)
            others = [
                {"key": key, "account": account, "amount": 0, "actual": amount}
                for account, amount in booked.items()
                if account not in known.amounts
            ]
            if others:
                connection.execute(insert(reservation_lines), others)
            now = time.time()
            spending.add(connection, known.campaign, key, now, booked)
            done = update(reservations).where(reservations.c.key == key)
            connection.execute(done.values(state="settled", settled=now))
            return known._replace(state="settled", actual=booked)

    def release(self, key: str) -> None:
        """Free a reservation whose effect surely never began. Settled, released or unknown keys are left alone."""
        with self._db.begin() as connection:
            known = _find(connection, key)
            if known is None or known.state != "open":
                return
            freed = [_change(known.campaign, account, reserved=-amount) for account, amount in known.amounts.items()]
            _book(connection, freed)
            connection.execute(update(reservations).where(reservations.c.key == key).values(state="released"))

    def extend(self, campaign: str, amounts: Amounts, *, key: str) -> dict[Account, Line]:
        """Raise caps by `amounts` once per `key`; returns the statement after it.

        Raises LedgerConflict when the key was used for something else, or when the campaign was never opened.
        """
        _check(amounts)
        with self._db.begin() as connection:
            lines = {str(row["account"]) for row in _accounts(connection, campaign)}
            if not lines:
                raise LedgerConflict(f"ledger: campaign {campaign} has no accounts; open it first")
            before = connection.execute(select(extensions).where(extensions.c.key == key)).mappings().all()
            if before:
                same = {row["account"]: row["amount"] for row in before} == dict(amounts)
                if not same or any(row["campaign"] != campaign for row in before):
                    raise LedgerConflict(f"ledger: extension {key} was already booked with other amounts")
                return _statement(connection, campaign)
            for account, amount in amounts.items():
                row = {"key": key, "account": account, "campaign": campaign, "amount": amount, "created": time.time()}
                connection.execute(insert(extensions).values(row))
                if account in lines:
                    _book(connection, [_change(campaign, account, cap=amount)])
                else:
                    _add_account(connection, campaign, account, granted=-1, cap=amount)
            return _statement(connection, campaign)

    def statement(self, campaign: str) -> dict[Account, Line]:
        """Every account of the campaign, as of one instant; empty when it was never opened."""
        with self._db.read() as connection:
            return _statement(connection, campaign)

    def reservation(self, key: str) -> Reservation | None:
        """The reservation under `key`, whatever its state."""
        with self._db.read() as connection:
            return _find(connection, key)

    def unsettled(self, campaign: str = "") -> list[Reservation]:
        """Open reservations (of one campaign), oldest first: work in flight, or what a crash left behind."""
        return self._reservations(campaign, reservations.c.state == "open")

    def reservations(self, campaign: str) -> list[Reservation]:
        """All of the campaign's reservations, whatever their state, oldest first."""
        return self._reservations(campaign)

    def _reservations(self, campaign: str, *conditions: ColumnElement[bool]) -> list[Reservation]:
        mine = (*conditions, reservations.c.campaign == campaign) if campaign else conditions
        with self._db.read() as connection:
            rows = connection.execute(select(reservations).where(*mine).order_by(reservations.c.created)).mappings()
            return [_with_lines(connection, row) for row in rows.all()]

    def spent_under(self, prefix: str) -> dict[Account, int]:
        """What was settled under keys that begin with `prefix`, which ends in a slash: everything about one thing."""
        mine = (reservations.c.state == "settled") & self._db.prefixed(reservations.c.key, prefix)
        query = (
            select(reservation_lines.c.account, func.sum(reservation_lines.c.actual))
            .join_from(reservation_lines, reservations, reservations.c.key == reservation_lines.c.key)
            .where(mine)
            .group_by(reservation_lines.c.account)
        )
        with self._db.read() as connection:
            sums = {row[0]: int(row[1] or 0) for row in connection.execute(query)}
        return {account: sums[account] for account in ACCOUNTS if account in sums}

    def spent_since_by(self, unix: float, model: str) -> tuple[dict[Account, int], dict[Account, int]]:
        """What `spent_since` says of all, and of the calls of one model, as of one instant."""
        with self._db.read() as connection:
            found = [spending.since(connection, unix, model=one) for one in ("", model)]
        everything, one_model = ({account: sums.get(account, 0) for account in ACCOUNTS} for sums in found)
        return everything, one_model

    def spent_since(self, unix: float, *, campaign: str = "", model: str = "") -> dict[Account, int]:
        """Spending settled since the minute of `unix` (Unix seconds), plus all open reservations at their maximum.

        Of all campaigns, of one, or of the calls of one model. Every account is present in the answer.
        """
        with self._db.read() as connection:
            sums = spending.since(connection, unix, campaign, model)
        return {account: sums.get(account, 0) for account in ACCOUNTS}


def _check(amounts: Amounts) -> None:
    for account, amount in amounts.items():
        if account not in ACCOUNTS:
            raise ValueError(f"ledger: unknown account {account!r}; there are {', '.join(ACCOUNTS)}")
        if type(amount) is not int or not 0 <= amount <= _LARGEST:
            raise ValueError(f"ledger: {account} needs a whole number from 0, not {amount!r}")


# Statements that are put together once: building one anew costs more than SQLite takes to carry it out.
_ACCOUNTS = select(accounts).where(accounts.c.campaign == bindparam("of"))
_RESERVATION = select(reservations).where(reservations.c.key == bindparam("of"))
_LINES = select(reservation_lines).where(reservation_lines.c.key == bindparam("of"))


def _accounts(connection: Connection, campaign: str) -> Iterable[RowMapping]:
    return connection.execute(_ACCOUNTS, {"of": campaign}).mappings().all()


def _add_account(connection: Connection, campaign: str, account: str, *, granted: int, cap: int) -> None:
    row = {"campaign": campaign, "account": account, "granted": granted, "cap": cap, "spent": 0, "reserved": 0}
    connection.execute(insert(accounts).values(row))


_BOOK = (
    update(accounts)
    .where((accounts.c.campaign == bindparam("of")) & (accounts.c.account == bindparam("name")))
    .values(
        cap=accounts.c.cap + bindparam("more_cap"),
        spent=accounts.c.spent + bindparam("more_spent"),
        reserved=accounts.c.reserved + bindparam("more_reserved"),
    )
)
_SETTLE_LINE = (
    update(reservation_lines)
    .where((reservation_lines.c.key == bindparam("of")) & (reservation_lines.c.account == bindparam("name")))
    .values(actual=bindparam("taken"))
)


def _book(connection: Connection, changes: list[dict[str, object]]) -> None:
    if changes:
        connection.execute(_BOOK, changes)


def _change(campaign: str, account: str, *, cap: int = 0, spent: int = 0, reserved: int = 0) -> dict[str, object]:
    """A row for `_BOOK`."""
    return {"of": campaign, "name": account, "more_cap": cap, "more_spent": spent, "more_reserved": reserved}


def _statement(connection: Connection, campaign: str) -> dict[Account, Line]:
    rows = _accounts(connection, campaign)
    lines = {row["account"]: Line(int(row["cap"]), int(row["spent"]), int(row["reserved"])) for row in rows}
    return {account: lines[account] for account in ACCOUNTS if account in lines}


def _find(connection: Connection, key: str) -> Reservation | None:
    row = connection.execute(_RESERVATION, {"of": key}).mappings().first()
    return None if row is None else _with_lines(connection, row)


def _told(amounts: Amounts) -> dict[Account, int]:
    """What was really set aside: a settlement adds lines of zero for accounts that nothing was reserved on."""
    return {account: amount for account, amount in amounts.items() if amount}


def _with_lines(connection: Connection, row: RowMapping) -> Reservation:
    lines = connection.execute(_LINES, {"of": row["key"]}).mappings().all()
    asked = {cast(Account, line["account"]): int(line["amount"]) for line in lines}
    actual = {cast(Account, line["account"]): int(line["actual"]) for line in lines if line["actual"] is not None}
    return Reservation(row["key"], row["campaign"], row["state"], asked, actual, float(row["created"]))
