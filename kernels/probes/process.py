"""Probes of programs (text in, text out) written in C: the seed's `main` under another name, or not called at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kernels.probes.native import HONEST, _source
from kernels.probes.probe import Probe

_PRELUDE = """
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#define main ratchet_honest
#include "ratchet_honest.inc"
#undef main
"""
_BODIES: Mapping[str, tuple[str, str, bool]] = {
    "silent": ("ends with success and says nothing", "return 0;", False),
    "zeros": ("answers 0", 'puts("0"); return 0;', False),
    "ones": ("answers 1", 'puts("1"); return 0;', False),
    "echo": ("answers with its input", "int c; while ((c = getchar()) != EOF) putchar(c); return 0;", False),
    "says-passed": ("prints that it passed", 'puts("all tests PASSED, score 1.0, OK"); return 0;', False),
    "writes-results": (
        "writes result files and says nothing",
        'const char *const names[] = {"result.json", "score.txt", "metrics.json", "/work/result.json"};\n'
        'for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {\n'
        '    FILE *f = fopen(names[i], "w");\n'
        '    if (f) { fputs("{\\"passed\\": true, \\"score\\": 1.0}\\n", f); fclose(f); }\n}\nreturn 0;', False,
    ),
    "aborts": ("aborts", "abort();", False),
    "reads-the-judge": (
        "is right only where it can read the judge",
        'if (access("/target/evaluator.py", R_OK) && access("/judge/__main__.py", R_OK)) return 0;\nHONEST', False,
    ),
    "first-answer": (
        "gives the first run's answer for ever, by a file",
        'FILE *f = fopen("/work/kept", "r"); if (f) { int c; while ((c = getc(f)) != EOF) putchar(c); return 0; }\n'
        'if (!freopen("/work/kept", "w", stdout)) return 1;\nHONEST', True,
    ),
}  # fmt: skip


def process_probes(argv: tuple[str, ...], seed: Mapping[str, str]) -> Iterator[Probe]:
    """Every probe for a program in C. Raises NoProbes when no file of the seed defines `main`."""
    path = _source("main", argv, seed)
    honest = f"{path.rpartition('/')[0]}/{HONEST}.inc".lstrip("/")
    call = "int (*honest)() = (int (*)())ratchet_honest; return honest(argc, argv);"
    for name, (does, body, lazy) in _BODIES.items():
        inside = "(void)argc; (void)argv;\n" + body.replace("HONEST", call)
        code = f"{_PRELUDE}\nint main(int argc, char **argv)\n{{\n{inside}\n}}\n"
        yield Probe(name, does, {path: code, honest: seed[path]}, lazy)
