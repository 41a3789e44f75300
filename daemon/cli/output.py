"""How commands print: tables, JSON, and untrusted text made harmless for a terminal."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]

CELL = 300
"""Longest text of one table cell."""
_KEEP_IN_TEXT = "\n\t"
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u2028\u2029\u180e")


def safe(text: object, *, keep: str = _KEEP_IN_TEXT) -> str:
    """`text` with every character that could steer a terminal shown as an escape (`\\x1b`, `\\u202e`).

    Names, hypotheses, logs and diffs come from candidates, so they may hold anything. `keep` stays as it is.
    """
    return "".join(char if char in keep or _harmless(char) else _shown(char) for char in str(text))


def _harmless(char: str) -> bool:
    if " " <= char <= "~":
        return True
    if char in _REORDERING or char in _INVISIBLE:
        return False
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _shown(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def cell(value: object) -> str:
    """One line for a table: harmless, short, numbers with four digits."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    text = safe(value, keep="")
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def print_json(document: object) -> None:
    """One JSON document, ASCII only, so that no escape sequence survives."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=True, default=str) + "\n")


def print_text(text: str) -> None:
    """Text with harmful characters shown, never sent."""
    sys.stdout.write(safe(text).rstrip("\n") + "\n")


def print_table(rows: Sequence[Mapping[str, Any]], columns: Iterable[str], *, empty: str = "nothing to show") -> None:
    """A plain aligned table; the same whether a person or a pipe reads it."""
    names = list(columns)
    if not rows:
        sys.stdout.write(empty + "\n")
        return
    cells = [[cell(row.get(name)) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[at]) for line in cells)) for at, name in enumerate(names)]
    for line in [names, *cells]:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def print_facts(facts: Mapping[str, Any]) -> None:
    """Names and values, one a line."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        sys.stdout.write(f"{name.ljust(width)}  {cell(value)}\n")


def units(account: str, amount: int | None) -> str:
    """A ledger amount as people say it: `micro_usd` as dollars, `*_ms` as seconds."""
    if amount is None:
        return "no cap"
    if account == "micro_usd":
        return f"${amount / 1_000_000:.4f}"
    if account.endswith("_ms"):
        return f"{amount / 1000:.1f} s"
    return f"{amount:,}"


def print_spend(spent: Mapping[str, Mapping[str, int | None]]) -> None:
    """The ledger's statement."""
    rows = [
        {
            "account": name.removesuffix("_ms").replace("micro_usd", "money"),
            **{k: units(name, v) for k, v in line.items()},
        }
        for name, line in sorted(spent.items())
    ]
    print_table(rows, ("account", "spent", "reserved", "cap"), empty="nothing spent yet")
