"""What a campaign looks like: one document from its queries, drawn as a live table, plain lines or a page."""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from typing import TYPE_CHECKING, Any

from daemon.cli.output import cell, units

if TYPE_CHECKING:
    from rich.console import RenderableType
    from temporalio.client import WorkflowHandle

INTERVAL = 1.0
PATIENCE = 120.0
"""How long `follow` waits for a daemon that does not answer (it may be starting again)."""
LEADER_COLUMNS = ("candidate", "score", "gain", "interval", "pairs", "hypothesis")


async def look(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """Status, leaders and, when it has ended, the report or why it failed."""
    from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError

    described = await handle.describe()
    document: dict[str, Any] = dict(await handle.query("status"))
    document["leaders"] = (await handle.query("leaderboard"))["rows"]
    if described.status is not WorkflowExecutionStatus.RUNNING:
        try:
            document["report"] = report = await handle.result()
            document["spent"] = settled(document["spent"], report.get("spent", {}))
        except WorkflowFailureError as error:
            document["failure"] = str(error.cause)
    return document


def settled(lines: dict[str, dict[str, Any]], spent: dict[str, int]) -> dict[str, dict[str, Any]]:
    """The accounts after the books were closed: nothing is reserved any more."""
    return {name: {**line, "spent": spent.get(name, line["spent"]), "reserved": 0} for name, line in lines.items()}


def ended(document: dict[str, Any]) -> bool:
    """Whether nothing will change any more."""
    return "report" in document or "failure" in document


async def follow(
    handle: WorkflowHandle[Any, Any], *, as_json: bool = False, quiet: bool = False, live: bool | None = None
) -> dict[str, Any]:
    """Show the campaign until it ends; returns the last document. Raises RPCError when nothing answers for long."""
    if as_json or quiet or not (sys.stdout.isatty() if live is None else live):
        return await _lines(handle, as_json, quiet)
    from rich.live import Live

    with Live(refresh_per_second=4) as screen:
        while True:
            document = await _patiently(handle)
            screen.update(picture(document))
            if ended(document):
                return document
            await asyncio.sleep(INTERVAL)


async def _lines(handle: WorkflowHandle[Any, Any], as_json: bool, quiet: bool) -> dict[str, Any]:
    said: object = None
    while True:
        document = await _patiently(handle)
        news = (document["decided"], document["in_flight"], document["status"], len(document["holds"]), ended(document))
        if news != said and not quiet:
            said = news
            sys.stdout.write((json.dumps(document, default=str) if as_json else line(document)) + "\n")
            sys.stdout.flush()
        if ended(document):
            return document
        await asyncio.sleep(INTERVAL)


async def _patiently(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    from temporalio.service import RPCError, RPCStatusCode

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await look(handle)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND or time.monotonic() > deadline:
                raise
            await asyncio.sleep(INTERVAL)


def counts(verdicts: dict[str, int]) -> str:
    """`7 accepted, 3 denied`, most frequent first."""
    return ", ".join(f"{n} {cell(word)}" for word, n in sorted(verdicts.items(), key=lambda x: -x[1])) or "none yet"


def money(document: dict[str, Any]) -> str:
    """What the models cost so far."""
    spent = document.get("spent", {}).get("micro_usd")
    return units("micro_usd", spent["spent"] if spent else 0)


def scored(document: dict[str, Any]) -> str:
    """The best score as people read it: `7.42x` for times, the metric itself for scores."""
    score = document["best_score"]
    if score is None:
        return ""
    return f"{math.exp(score):.2f}x" if document.get("metric_kind") == "time" else cell(score)


def detectable(document: dict[str, Any]) -> str:
    """The smallest gain that this campaign can find on this machine."""
    gain = document["detectable"]
    return f"{math.expm1(gain):.1%}" if document.get("metric_kind") == "time" else cell(gain)


def line(document: dict[str, Any]) -> str:
    """One line for a log or a pipe."""
    eta = document.get("eta_seconds")
    parts = [
        f"{document.get('elapsed_seconds', 0):7.1f} s",
        f"{document['decided']}/{document['candidates']} decided",
        f"{document['in_flight']} in flight",
        counts(document["verdicts"]),
        f"best {cell(document['best'] or 'none')} {scored(document)}",
        money(document),
    ]
    if document.get("detectable") is not None and not document["decided"]:
        parts.append(f"can find gains from {detectable(document)}")
    if document["holds"]:
        parts.append(f"{len(document['holds'])} waiting for a person")
    if ended(document):
        parts.append("ended")
    elif eta is not None:
        parts.append(f"about {eta:.0f} s to go")
    return " | ".join(parts)


def picture(document: dict[str, Any]) -> RenderableType:
    """The live table. Every text is a `Text`, so that nothing in it is read as markup."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table(expand=True, title_justify="left")
    for name in LEADER_COLUMNS:
        table.add_column(
            name, no_wrap=name != "hypothesis", justify="left" if name in ("candidate", "hypothesis") else "right"
        )
    for row in document["leaders"]:
        table.add_row(*(Text(text) for text in leader(row).values()))
    head = Text(f"{cell(document['campaign'])}  {cell(document['target'])}  {cell(document['status'])}", style="bold")
    bar = ProgressBar(total=document["candidates"], completed=document["decided"], width=60)
    return Group(head, bar, Text(line(document)), table)


def leader(row: dict[str, Any]) -> dict[str, str]:
    """One leaderboard row as short harmless texts."""
    interval = "–" if row.get("low") is None else f"{row['low']:.3f} … {row['high']:.3f}"
    values = {**row, "interval": interval, "hypothesis": cell(row.get("hypothesis") or "")[:80]}
    return {name: cell(values.get(name)) for name in LEADER_COLUMNS}


def page(document: dict[str, Any]) -> str:
    """Everything about a campaign as text."""
    lines = [
        f"campaign   {cell(document['campaign'])}",
        f"target     {cell(document['target'])}",
        f"status     {cell(document['status'])} {cell(document['stopping'])}".rstrip(),
        f"decided    {document['decided']} of {document['candidates']}, {document['in_flight']} in flight",
        f"verdicts   {counts(document['verdicts'])}",
        f"best       {cell(document['best'] or 'none')} {scored(document)}",
        f"champion   {cell(document['champion'] or 'none')}",
    ]
    if document.get("stopping_detail"):
        lines.append(f"because    {cell(document['stopping_detail'])}")
    if document.get("detectable") is not None:
        lines.append(f"detects    gains from {detectable(document)}")
    if document.get("sealed_left") is not None:
        lines.append(f"sealed     {document['sealed_left']} uses of the sealed cases left")
    for hold in document["holds"]:
        lines.append(f"waits      {cell(hold['candidate'])}: {waits_for(hold)}, {hold['left_seconds']} s left")
    for name, account in sorted(document.get("spent", {}).items()):
        amounts = " ".join(f"{key} {units(name, account[key])}" for key in ("spent", "reserved", "cap"))
        lines.append(f"  {name:<15} {amounts}{likely(document, name)}")
    for row in document.get("leaders", []):
        shown = leader(row)
        lines.append(f"  {shown['candidate']}  score {shown['score']}  {shown['hypothesis']}".rstrip())
    if "failure" in document:
        lines.append(f"failed     {cell(document['failure'])}")
    if document.get("report"):
        lines.append(f"result     {result(document['report'])}")
        if found := {name: count for name, count in document["report"].get("governance", {}).items() if count}:
            lines.append(f"governed   {', '.join(f'{count} {cell(name)}' for name, count in found.items())}")
    return "\n".join(lines)


def likely(document: dict[str, Any], account: str) -> str:
    """The forecast of an account, with its range and what it rests on; empty when there is none."""
    found = document.get("forecast", {}).get(account)
    if found is None:
        return ""
    low, high = units(account, found["low"]), units(account, found["high"])
    if found["basis"] == "maximum":
        return f"; at most {high} by the end"
    rests = "" if found["basis"] == "candidates" else ", by earlier campaigns"
    return f"; likely {units(account, found['expected'])} by the end ({low} to {high}{rests})"


def outlook(document: dict[str, Any]) -> list[str]:
    """What a campaign can find and will cost, as known when it opens: before the first candidate is paid for."""
    lines = []
    if document.get("detectable") is not None:
        lines.append(f"finds gains from {detectable(document)} (80 % probability)")
    for name, account in sorted(document.get("spent", {}).items()):
        if told := likely(document, name).removeprefix("; "):
            lines.append(f"  {name:<15} {told}, cap {units(name, account['cap'])}")
    return lines


def waits_for(hold: dict[str, Any]) -> str:
    """What a hold needs and has: `1 of 2 approvals (ana)`, or the rules that an override has to name."""
    why = cell("; ".join(hold["reasons"]))
    if hold["kind"] == "override":
        return f"an override of {cell(', '.join(hold['codes']))} ({why})"
    given = f" ({cell(', '.join(hold['given']))})" if hold["given"] else ""
    return f"{len(hold['given'])} of {hold['approvals_needed']} approvals{given}; {why}"


def result(report: dict[str, Any], unit: str = "") -> str:
    """The measured end of a campaign: champion against seed on the sealed cases, `unit` behind the number."""
    gain = report.get("speedup")
    if gain is None:
        return f"{cell(report['status'])}; no candidate was promoted over the seed"
    low, high = report.get("speedup_low"), report.get("speedup_high")
    known = low is not None and high is not None and math.isfinite(low + high)
    interval = f" ({low:.3f} to {high:.3f})" if known else ""
    pairs = report.get("sealed_pairs", 0)
    return f"{cell(report['status'])}; {gain:.3f}{unit}{interval} over the seed on {pairs} sealed pairs"
