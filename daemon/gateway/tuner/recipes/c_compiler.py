"""What the compiler may assume and use: restrict, optimisation level, variants for wider vector units."""

from __future__ import annotations

import re
from random import Random

from daemon.gateway.tuner.c_source import after_head, find_product
from daemon.gateway.tuner.move import Move

# Chosen at load time by what the processor has; the default variant runs anywhere.
_CLONES = """\
#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
"""
_OPTIMIZE = re.compile(r"^#pragma GCC optimize\([^\n]*\)\n", re.MULTILINE)
_LANES = re.compile(r"^(#define LANES )\d+", re.MULTILINE)
_LEVELS = ('"O3"', '"O3", "unroll-loops"', '"Ofast"')


def moves(text: str, rng: Random) -> list[Move]:
    """Moves that leave the loops as they are."""
    product = find_product(text)
    if product is None:
        return []
    found = []
    signature = text[product.signature : product.open]
    if "restrict" not in signature:
        changed = text[: product.signature] + signature.replace("*", "*restrict ") + text[product.open :]
        hypothesis = "restrict: the compiler may keep values in registers when no matrix overlaps another"
        found.append(Move("restrict", hypothesis, changed, 0.6 if product.form != "tile" else 0.3))
    level = rng.choice(_LEVELS)
    line = f"#pragma GCC optimize({level})\n"
    if line not in text:
        bare = _OPTIMIZE.sub("", text)
        hypothesis = f"optimise {level}: stronger loop optimisation and vectorisation for this file"
        found.append(
            Move(
                "optimise", hypothesis, after_head(bare, line), 1.0 if bare == text and product.form != "tile" else 0.4
            )
        )
    if "target_clones" not in text and "CLONES" not in text:
        changed = text[: product.start] + _CLONES + "\n" + "CLONES\n" + text[product.start :]
        hypothesis = "wider vectors: variants of the product for AVX2 and AVX-512, chosen by the processor's features"
        if _LANES.search(text):
            # Either change alone loses: narrow tiles in wide variants, wide tiles without them.
            lanes = rng.choice((8, 16))
            changed = _LANES.sub(rf"\g<1>{lanes}", changed)
            hypothesis += f", and {lanes} lanes in the tiles"
        found.append(Move("clones", hypothesis, changed, 2.5 if product.form == "tile" else 1.4))
    return found
