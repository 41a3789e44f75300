"""Nothing that a candidate writes steers a terminal."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.cli import board, output

HOSTILE = [
    "\x1b[2J\x1b[H",
    "\x1b]0;owned\x07",
    "\x1b]8;;http://x\x1b\\link",
    "\x1b[31mred",
    "\x1bP$q\x1b\\",
    "\x9b2J",
    "\x9d0;x\x9c",
    "\x90x\x9c",
    "\r\x1b[Koverwritten",
    "\x08\x08\x08",
    "\x07",
    "\x0e\x0f",
    "\x00",
    "\x7f",
    "\u202eevil\u202c",
    "\u2066a\u2069",
    "\u200b\u200d",
    "\u2028\u2029",
    "\ufeff",
    "\U000e0041\U000e0042",
    "\ud800",
]


def steers(text: str, allowed: str = "\n\t") -> bool:
    return any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in allowed for c in text)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_sequence_reaches_the_terminal(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.print_text(f"before{text}after")
    output.print_table([{"name": text}], ("name",))
    output.print_facts({"name": text})
    output.print_json({"name": text})
    assert not steers(capsys.readouterr().out, "\n\t")


@given(st.text())
def test_any_text_is_harmless_and_plain_text_is_unchanged(text: str) -> None:
    shown = output.safe(text)
    assert not steers(shown)
    if not steers(text) and all(unicodedata.category(c) not in ("Co", "Cn") for c in text):
        assert shown == text


def test_a_cell_is_one_short_line() -> None:
    shown = output.cell("a\nb" + "x" * 1_000_000)
    assert "\n" not in shown
    assert len(shown) <= output.CELL


def test_markup_in_a_hypothesis_is_text_in_the_live_table() -> None:
    from rich.console import Console

    document = status() | {"leaders": [{"candidate": "k-c1", "score": 1.0, "hypothesis": "[red]x[/nonsense] \x1b[2J"}]}
    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(board.picture(document))
    console.file.close()
    text = console.export_text()
    assert "[red]x[/nonsense]" in text
    assert "\x1b" not in text


def test_json_is_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"name": "\u202e"})
    said = capsys.readouterr().out
    assert said.isascii()
    assert json.loads(said) == {"name": "\u202e"}


def test_amounts_are_told_in_the_units_that_people_use() -> None:
    assert output.units("micro_usd", 1_500_000) == "$1.5000"
    assert output.units("cpu_ms", 2500) == "2.5 s"
    assert output.units("tokens", 12_000) == "12,000"
    assert output.units("tokens", None) == "no cap"


def status() -> dict[str, object]:
    return {
        "campaign": "k",
        "target": "matmul",
        "status": "running",
        "stopping": "",
        "decided": 3,
        "candidates": 9,
        "in_flight": 2,
        "verdicts": {"accepted": 1, "failed": 2},
        "best": "k-c1",
        "best_score": 1.0,
        "champion": "k-c0",
        "holds": [],
        "spent": {"micro_usd": {"cap": None, "spent": 0, "reserved": 0}},
        "eta_seconds": 12.0,
        "elapsed_seconds": 6.0,
        "leaders": [],
    }


def test_a_line_for_a_pipe_says_everything_once() -> None:
    assert "3/9 decided | 2 in flight | 2 failed, 1 accepted | best k-c1 1" in board.line(status())


def test_a_page_tells_the_measured_end() -> None:
    report = {"status": "stopped:candidates", "speedup": 9.5, "speedup_low": 9.0, "speedup_high": 10.0}
    page = board.page(status() | {"report": report | {"sealed_pairs": 16}})
    assert "9.500 (9.000 to 10.000) over the seed on 16 sealed pairs" in page
    assert "no candidate was promoted" in board.result({"status": "stopped:patience", "speedup": None})
