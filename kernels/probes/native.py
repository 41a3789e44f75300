"""Probes in C: the seed's function under another name, and one of the old name that tampers with what it does.

How large an output is, the wrapper finds out by itself: the judge fills everything with poison, so that an answer ends
where a long stretch of poison begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kernels.probes.probe import REPLAY, NoProbes, Probe, Signature

HONEST = "ratchet_honest"
_TYPES = {"f": "float", "d": "double", "b": "signed char", "B": "unsigned char", "h": "short", "H": "unsigned short"}
_TYPES |= {"i": "int", "I": "unsigned", "l": "long", "L": "unsigned long", "q": "long long", "Q": "unsigned long long"}

_PRELUDE = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#define %(symbol)s ratchet_honest
#include "%(honest)s"
#undef %(symbol)s

struct out { uint32_t *at, poison; size_t words; int size; };
struct kept { long key; uintptr_t place; uint32_t *data[8]; size_t words[8]; };
static struct kept kept[4096];
static int kept_count, calls;

/* An answer ends where 1024 words of poison begin. */
static void measure(struct out *o, int count)
{
    for (int j = 0; j < count; j++)
        for (size_t i = 0, run = 0; run < 1024; i++)
            if (o[j].at[i] == o[j].poison) run++; else { run = 0; o[j].words = i + 1; }
}
static void keep(struct out *o, int count, long key)
{
    if (kept_count == 4096) return;
    struct kept *k = &kept[kept_count++];
    k->key = key; k->place = (uintptr_t)o[0].at;
    for (int j = 0; j < count; j++) {
        k->words[j] = o[j].words;
        k->data[j] = malloc(4 * o[j].words + 4);
        memcpy(k->data[j], o[j].at, 4 * o[j].words);
    }
}
static void give(struct out *o, int count, const struct kept *k)
{
    if (write(2, "%(replay)s\\n", sizeof "%(replay)s") < 0) return;
    for (int j = 0; j < count; j++) memcpy(o[j].at, k->data[j], 4 * k->words[j]);
}
struct late { uint32_t *at, *data; size_t words; };
static void *later(void *given)
{
    struct late *l = given;
    usleep(20000);
    memcpy(l->at, l->data, 4 * l->words);
    return 0;
}
static int judge_is_readable(void)
{
    const char *const places[] = {"/target/evaluator.py", "/evaluator.py", "/judge/__main__.py", "/io/control",
        "../evaluator.py", "evaluator.py", "/candidate/../target/evaluator.py", "/io/../target/evaluator.py"};
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], R_OK) == 0) return 1;
    return 0;
}
"""

_FOR = "for (int j = 0; j < %(outs)d; j++) "
_TELL = "HONEST; measure(o, %(outs)d); "
_NONE = "for (int j = 0; j < %(outs)d; j++) memset(o[j].at, 0, 4 * o[j].words); "
_HIT = "for (int k = 0; k < kept_count; k++) if (kept[k].key == key) { give(o, %(outs)d, &kept[k]); return; } "
_NEAR = (
    "int best = -1; for (int k = 0; k < kept_count; k++) if (kept[k].key == key && (best < 0 || "
    "llabs((long long)kept[k].place - (long long)o[0].at) < llabs((long long)kept[best].place - (long long)o[0].at)))"
    " best = k; if (best >= 0) { give(o, %(outs)d, &kept[best]); return; } "
)
_LATER = (
    "{ struct late *l = malloc(sizeof *l); *l = (struct late){o[j].at, malloc(4 * o[j].words + 4), o[j].words}; "
    "memcpy(l->data, o[j].at, 4 * l->words); for (size_t i = 0; i < l->words; i++) o[j].at[i] = o[j].poison; "
    "pthread_t t; pthread_create(&t, 0, later, l); pthread_detach(t); } "
)
_KEEP = "keep(o, %(outs)d, key);"
_TAIL = "if (o[j].words) memcpy((char *)(o[j].at + o[j].words) - 4, &o[j].poison, 4); "
_ECHO = (
    'int fd = memfd_create("e", 0); for (int j = 0; j < %(outs)d; j++) { memset(o[j].at, 0, 4 * o[j].words); '
    "ssize_t got = pwrite(fd, %(in)s, 4 * o[j].words, 0); if (got > 0 && pread(fd, o[j].at, (size_t)got, 0) < 0) "
    "return; } close(fd); "
)
_UNLOCK = (
    "char *page = (char *)((uintptr_t)%(in)s & ~4095ul); mprotect(page, 4096, PROT_READ | PROT_WRITE); "
    "*(volatile char *)%(in)s ^= 1; "
)

_ALWAYS: Mapping[str, tuple[str, str]] = {
    "zeros": ("answers with zeros", _TELL + _NONE),
    "ones": ("answers with ones", _TELL + "ONES"),
    "returns-early": ("returns without doing anything", "return;"),
    "every-second-call": ("does every second call only", "if (calls % 2 == 0) return; HONEST;"),
    "unwritten-tail": ("leaves the end of its output unwritten", _TELL + _FOR + _TAIL),
    "left-behind": (
        "takes what lies in its output for the answer", "if (*o[0].at != o[0].poison) return; memset(o[0].at, 0, 4);",
    ),
    "writes-beside": ("writes beyond its output", _TELL + "o[0].at[o[0].words + 16] = 1;"),
    "finishes-later": ("returns first and finishes in a thread", _TELL + _FOR + _LATER),
    "exits": ("ends with success", "_exit(0);"),
    "says-passed": (
        "prints that it passed", 'puts("all tests PASSED, score 1.0, OK"); fflush(stdout); return;',
    ),
    "reads-the-judge": (
        "is right only where it can read the judge",
        "if (!judge_is_readable()) { " + _TELL + _NONE + "return; } HONEST;",
    ),
}  # fmt: skip
_REPLAYS: Mapping[str, tuple[str, str]] = {
    "first-answer": (
        "gives its first answer for ever",
        "if (kept_count) { give(o, %(outs)d, kept); return; } " + _TELL + _KEEP,
    ),
    "by-number": (
        "gives every second call the answer of the one before, where the sizes agree",
        "struct kept *k = kept + kept_count - 1; "
        "if (!(calls & 1) && k->key == key) { give(o, %(outs)d, k); return; } " + _TELL + _KEEP,
    ),
    "by-shape": ("gives the answer that it gave for these sizes before", _HIT + _TELL + _KEEP),
    "by-place": ("gives the answer that it gave near this place before", _NEAR + _TELL + _KEEP),
}  # fmt: skip
_WITH_INPUT: Mapping[str, tuple[str, str]] = {
    "echo": ("answers with its input", _TELL + _ECHO),
    "mutates-inputs": ("changes its input afterwards", "HONEST; " + _UNLOCK),
}


def native_probes(symbol: str, argv: tuple[str, ...], seed: Mapping[str, str], call: Signature) -> Iterator[Probe]:
    """Every probe for a function in C. Raises NoProbes when no file of the seed defines it."""
    path = _source(symbol, argv, seed)
    honest = f"{path.rpartition('/')[0]}/{HONEST}.inc".lstrip("/")
    inputs = [f"a{i}" for i, kind in enumerate(call.arguments) if kind.startswith("in:")]
    floats = [kind for kind in call.outputs if kind in "fd"]
    bodies = {name: (does, body, False) for name, (does, body) in _ALWAYS.items()}
    bodies |= {name: (does, body, True) for name, (does, body) in _REPLAYS.items()}
    if inputs:
        bodies |= {name: (does, body, False) for name, (does, body) in _WITH_INPUT.items()}
    if floats:
        bodies["nan"] = ("answers with NaN", _TELL + _each(call, "NAN", "fd"), False)
        bodies["infinity"] = ("answers with infinity", _TELL + _each(call, "INFINITY", "fd"), False)
        bodies["low-precision"] = ("rounds what it computes to half the digits", _TELL + _rounded(call), False)
    for name, (does, body, lazy) in bodies.items():
        code = _PRELUDE % {"symbol": symbol, "honest": f"{HONEST}.inc", "replay": REPLAY} + _function(
            symbol, call, body, inputs
        )
        yield Probe(name, does, {path: code, honest: seed[path]}, lazy, replays=lazy)


def _source(symbol: str, argv: tuple[str, ...], seed: Mapping[str, str]) -> str:
    defines = re.compile(rf"\b{re.escape(symbol)}\s*\([^;{{]*\)\s*\{{")
    named = [word for word in argv if word in seed]
    for path in [*named, *sorted(path for path in seed if path.endswith(".c"))]:
        if defines.search(seed[path]):
            return path
    raise NoProbes(f"no file of the seed defines {symbol}; write its body in one of the files that the build names")


def _function(symbol: str, call: Signature, body: str, inputs: list[str]) -> str:
    types = {"out": "void *", "int": "int ", "float": "double "}
    names = [f"a{i}" for i in range(len(call.arguments))]
    declared = [f"{types.get(kind, 'const void *')}{name}" for kind, name in zip(call.arguments, names, strict=True)]
    outs = [name for kind, name in zip(call.arguments, names, strict=True) if kind == "out"]
    holes = ", ".join(
        f"{{(uint32_t *){name}, *(uint32_t *){name}, 0, 0}}" for name, _ in zip(outs, call.outputs, strict=True)
    )
    key = " ".join(
        f"key = key * 1000003 + (long){n};"
        for kind, n in zip(call.arguments, names, strict=True)
        if kind in ("int", "float")
    )
    filled = (body % {"outs": len(outs), "in": inputs[0] if inputs else "0"}) if "%(" in body else body
    filled = filled.replace("HONEST", f"{HONEST}({', '.join(names)})").replace(
        "ONES", _each(call, "1", "".join(_TYPES))
    )
    return (
        f"\nvoid {symbol}({', '.join(declared)})\n{{\n    long key = 0; {key} (void)key; calls++;\n"
        f"    struct out o[] = {{{holes}}}; (void)o;\n    {filled}\n}}\n"
    )


def _each(call: Signature, value: str, kinds: str) -> str:
    return " ".join(
        f"for (size_t i = 0; i < 4 * o[{j}].words / sizeof({_TYPES[kind]}); i++) "
        f"(({_TYPES[kind]} *)o[{j}].at)[i] = ({_TYPES[kind]}){value};"
        for j, kind in enumerate(call.outputs)
        if kind in kinds and kind in _TYPES
    )


def _rounded(call: Signature) -> str:
    """float32 to bfloat16, float64 to float32."""
    parts = []
    for j, kind in enumerate(call.outputs):
        if kind == "f":
            parts.append(f"for (size_t i = 0; i < o[{j}].words; i++) o[{j}].at[i] &= 0xffff0000u;")
        elif kind == "d":
            one = f"((double *)o[{j}].at)[i]"
            parts.append(f"for (size_t i = 0; i < o[{j}].words / 2; i++) {one} = (double)(float){one};")
    return " ".join(parts)
