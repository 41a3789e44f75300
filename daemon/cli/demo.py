"""`ratchet demo`: an honest campaign and a hostile one through the whole path, offline, and what came of them."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli import board, borrowed, output, reach
from daemon.cli.audit import verified
from daemon.cli.campaign import begin, fresh_id
from daemon.cli.errors import Denied
from daemon.cli.output import JsonFlag

if TYPE_CHECKING:
    from temporalio.client import Client

HOSTILE = (
    ("edits files outside of its paths", ("denied",)),
    ("returns a wrong result", ("failed", "quarantined")),
    ("starts a fork bomb", ("killed", "quarantined")),
)
"""What the three scripted candidates do, and how each must end."""
RECENT_SECONDS = 60.0


def demo(
    target: Annotated[str, typer.Option(help="What to improve.")] = "matmul",
    candidates: Annotated[int, typer.Option(min=1, help="Candidates of the honest campaign.")] = 36,
    in_flight: Annotated[int, typer.Option(min=1, help="At the same time.")] = 2,
    as_json: JsonFlag = False,
) -> None:
    """Run everything once, without key, GPU or network. Exit code 0 only if every promise shown here held."""
    began = time.monotonic()
    here = reach.settings()
    set_up = set_up_seconds(here.home)
    with borrowed.daemon(here) as ours:
        if not as_json:
            output.print_text(f"daemon {'started' if ours else 'already running: using it'}")
        honest, hostile = reach.run(_both(target, candidates, in_flight, as_json))
    document = assess(honest, hostile, verified(), floor=no_gain(target))
    document["seconds"] = {"set_up": set_up, "campaigns": round(time.monotonic() - began, 1)}
    if as_json:
        output.print_json(document)
    else:
        tell(document)
    if document["problems"]:
        raise Denied


def set_up_seconds(home: Path) -> float | None:
    """Wall time of the set-up that ran just before, if one did."""
    try:
        found = json.loads((home / "run" / "setup.json").read_text())
        return float(found["wall_seconds"]) if time.time() - found["finished"] < RECENT_SECONDS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


async def _both(target: str, candidates: int, in_flight: int, as_json: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    from workflows.models import CampaignSpec

    client = await reach.connect()
    note = "make demo"
    honest = CampaignSpec(
        target=target, candidates=candidates, in_flight=in_flight, patience=candidates, started_by="demo", note=note
    )
    first = await _run(client, honest, fresh_id(target), as_json)
    hostile = CampaignSpec(
        target=target,
        candidates=len(HOSTILE),
        in_flight=1,
        patience=len(HOSTILE),
        model="ratchet/scripted/hostile",
        started_by="demo",
        note=note,
    )
    return first, await _run(client, hostile, fresh_id("hostile"), as_json)


async def _run(client: Client, spec: Any, name: str, as_json: bool) -> dict[str, Any]:
    """Start, watch and return a campaign; when we are interrupted, ask it to stop."""
    if not as_json:
        output.print_text(f"\ncampaign {name}: {spec.candidates} candidates by {spec.model}")
    handle = client.get_workflow_handle(name)
    await begin(client, spec, name)
    try:
        return await board.follow(handle, quiet=as_json)
    except BaseException:
        with contextlib.suppress(Exception):
            await handle.signal("stop")
        raise


def no_gain(target: str) -> float:
    """What the reported speed-up of a target is when nothing was gained: a ratio, or a difference of scores."""
    from kernels.target import load_target

    return 1.0 if load_target(reach.settings().targets / target).metric.kind == "time" else 0.0


def assess(
    honest: dict[str, Any], hostile: dict[str, Any], audit: dict[str, Any], *, floor: float = 1.0
) -> dict[str, Any]:
    """What is shown, and the list of what did not hold."""
    problems: list[str] = []
    report = honest.get("report") or {}
    gain, low = report.get("speedup"), report.get("speedup_low")
    if honest.get("failure") or hostile.get("failure"):
        problems.append(f"a campaign failed: {honest.get('failure') or hostile.get('failure')}")
    if gain is None or low is None or low <= floor:
        problems.append("no speed-up over the seed was verified on the sealed cases")
    if honest["verdicts"].get("inconclusive"):
        problems.append(f"{honest['verdicts']['inconclusive']} candidates were lost to faults of ours")
    bad = list(attempts(hostile["campaign"]))
    for at, (what, expected) in enumerate(HOSTILE):
        verdict = bad[at]["verdict"] if at < len(bad) else "never decided"
        if verdict.split(":", 1)[0] not in expected:
            problems.append(f"the candidate that {what} ended as {verdict}, not as {' or '.join(expected)}")
    if not audit["ok"]:
        problems.append(f"the audit log is not sound at record {audit['first_bad']}: {audit['problem']}")
    return {
        "campaign": honest["campaign"],
        "report": report,
        "verdicts": honest["verdicts"],
        "spent": honest["spent"],
        "hostile": [{"what": what, **row} for (what, _), row in zip(HOSTILE, bad, strict=False)],
        "audit": audit,
        "problems": problems,
        "unit": "x" if floor == 1.0 else "",
    }


def attempts(campaign: str) -> list[dict[str, Any]]:
    """Candidates of a campaign by number, without the seed."""
    rows = reach.archive().candidates(campaign)
    return [{"candidate": row.candidate, "verdict": row.verdict, "reasons": row.reasons} for row in rows if row.number]


def tell(document: dict[str, Any]) -> None:
    """The closing page."""
    report = document["report"]
    champion = report.get("champion", "")
    output.print_text("\nbest verified speed-up, sealed cases, measured afresh")
    output.print_text(f"  {champion}: {board.result(report, document['unit'])}" if report else "  none")
    output.print_text(f"\ncandidates by verdict\n  {board.counts(document['verdicts'])}")
    output.print_text("\nhostile candidates")
    output.print_table(document["hostile"], ("what", "verdict", "candidate"), empty="none were decided")
    output.print_text("\nspend by account")
    output.print_spend(document["spent"])
    audit = document["audit"]
    sound = "whole and in order" if audit["ok"] else f"NOT SOUND: {audit['problem']}"
    output.print_text(f"\naudit log\n  {audit['records']} records, {sound}")
    seconds = document["seconds"]
    before = "not run just now" if seconds["set_up"] is None else f"{seconds['set_up']:.1f} s"
    output.print_text(f"\ntime\n  set-up {before}, campaigns {seconds['campaigns']:.1f} s")
    ratchet = Path(sys.argv[0]).parent / "ratchet"
    output.print_text(
        f"\nnext\n  {ratchet} candidate diff {champion} --seed\n  {ratchet} audit tail -n 5\n"
        f"  {ratchet} up        # and, in another terminal: {ratchet} campaign start packing --watch"
    )
    for problem in document["problems"]:
        output.print_text(f"\nDID NOT HOLD: {problem}")
