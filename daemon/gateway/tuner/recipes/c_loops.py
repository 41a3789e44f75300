"""The order of the loops of a dense product: interchange, split sums, unrolling, several rows at a time."""

from __future__ import annotations

import re
from random import Random

from daemon.gateway.tuner.c_source import Product, find_product, indent
from daemon.gateway.tuner.move import Move

_DOT = re.compile(
    r"""(?P<pad>[ ]*)for\ \(int\ (?P<j>\w+)\ =\ (?P<low>[^;]+);\ (?P=j)\ <\ (?P<high>[^;]+);\ (?P=j)\+\+\)\ \{\s*
    float\ (?P<s>\w+)\ =\ 0(?:\.0f?)?;\s*
    (?P<pragma>\#pragma\ GCC\ unroll\ \d+\s*)?
    for\ \(int\ (?P<p>\w+)\ =\ 0;\ (?P=p)\ <\ (?P<k>\w+);\ (?P=p)\+\+\)\ \{?\s*
    (?P=s)\ \+=\ (?P<a>\w+)\[(?P<i>\w+)\ \*\ (?P=k)\ \+\ (?P=p)\]
    \ \*\ (?P<b>\w+)\[(?P=p)\ \*\ (?P<m>\w+)\ \+\ (?P=j)\];\s*
    \}?\s*
    (?P<c>\w+)\[(?P=i)\ \*\ (?P=m)\ \+\ (?P=j)\]\ =\ (?P=s);\s*\}""",
    re.VERBOSE,
)
_INNER_DOT = re.compile(r"^(?P<pad> *)for \(int \w+ = 0; [^\n]*\{\n[^\n]*\+= [^\n]*\n *\}", re.MULTILINE)
_ROWS = """\
for (int j = LOW; j < HIGH; j++) {
    C[I * M + j] = 0.0f;
}
for (int p = 0; p < K; p++) {
    const float x = A[I * K + p];
    for (int j = LOW; j < HIGH; j++) {
        C[I * M + j] += x * B[p * M + j];
    }
}"""
_SPLIT = """\
for (int j = LOW; j < HIGH; j++) {
    float s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
    int p = 0;
    for (; p + 3 < K; p += 4) {
        s0 += A[I * K + p] * B[p * M + j];
        s1 += A[I * K + p + 1] * B[(p + 1) * M + j];
        s2 += A[I * K + p + 2] * B[(p + 2) * M + j];
        s3 += A[I * K + p + 3] * B[(p + 3) * M + j];
    }
    for (; p < K; p++) {
        s0 += A[I * K + p] * B[p * M + j];
    }
    C[I * M + j] = (s0 + s1) + (s2 + s3);
}"""


def moves(text: str, rng: Random) -> list[Move]:
    """Moves on the textbook nest, and on the one that the interchange leaves."""
    product = find_product(text)
    if product is None:
        return []
    found = []
    nest = _DOT.search(text, product.open, product.close)
    if nest is not None:
        found += [
            Move(
                "interchange",
                "interchange: with the column loop innermost, b and c are walked along their rows",
                _replace(text, nest, _ROWS),
                1.6,
            ),
            Move(
                "split-sums",
                "split sums: four independent sums hide the latency of the additions",
                _replace(text, nest, _SPLIT),
                0.8,
            ),
        ]
    return found + _unroll(text, product, rng) + _several_rows(product, rng) + _skip_zeros(text, product)


def _replace(text: str, nest: re.Match[str], code: str) -> str:
    names = {"LOW": "low", "HIGH": "high", "I": "i", "K": "k", "M": "m", "A": "a", "B": "b", "C": "c"}
    filled = re.sub(r"\b(LOW|HIGH|[IKMABC])\b", lambda word: nest.group(names[word.group(1)]).strip(), code)
    return text[: nest.start()] + indent(filled, len(nest.group("pad"))) + text[nest.end() :]


def _unroll(text: str, product: Product, rng: Random) -> list[Move]:
    inner = _INNER_DOT.search(text, product.open, product.close)
    if inner is None or "#pragma GCC unroll" in product.body:
        return []
    times = rng.choice((2, 4, 8))
    line = f"{inner.group('pad')}#pragma GCC unroll {times}\n"
    changed = text[: inner.start()] + line + text[inner.start() :]
    return [Move("unroll", f"unroll: {times} steps of the inner loop at once save loop overhead", changed, 0.6)]


def _several_rows(product: Product, rng: Random) -> list[Move]:
    """Rows of c share the loads of b; only from the interchanged form."""
    if product.form != "rows":
        return []
    rows = rng.choice((2, 4, 8))
    a, b, c, n, m, k = product.a, product.b, product.c, product.n, product.m, product.k
    names = range(rows)
    outs = "\n".join(f"        float *c{r} = {c} + (long)(i + {r}) * {m};" for r in names)
    zero = "\n".join(f"            c{r}[j] = 0.0f;" for r in names)
    loads = "\n".join(f"            const float x{r} = {a}[(long)(i + {r}) * {k} + p];" for r in names)
    adds = "\n".join(f"                c{r}[j] += x{r} * {b}[(long)p * {m} + j];" for r in names)
    body = f"""\
    int i = 0;
    for (; i + {rows - 1} < {n}; i += {rows}) {{
{outs}
        for (int j = 0; j < {m}; j++) {{
{zero}
        }}
        for (int p = 0; p < {k}; p++) {{
{loads}
            for (int j = 0; j < {m}; j++) {{
{adds}
            }}
        }}
    }}
    for (; i < {n}; i++) {{
        for (int j = 0; j < {m}; j++) {{
            {c}[(long)i * {m} + j] = 0.0f;
        }}
        for (int p = 0; p < {k}; p++) {{
            const float x = {a}[(long)i * {k} + p];
            for (int j = 0; j < {m}; j++) {{
                {c}[(long)i * {m} + j] += x * {b}[(long)p * {m} + j];
            }}
        }}
    }}
"""
    hypothesis = f"several rows: {rows} rows of c share every load of a row of b"
    return [Move("several-rows", hypothesis, product.with_body(body), 1.0)]


def _skip_zeros(text: str, product: Product) -> list[Move]:
    """Seldom a gain on dense data; tried because sparse inputs would profit."""
    line = re.search(r"^( *)const float x = [^\n]*\n", product.body, re.MULTILINE)
    if line is None or "continue;" in product.body:
        return []
    at = product.open + line.end()
    pad = line.group(1)
    changed = f"{text[:at]}{pad}if (x == 0.0f) {{\n{pad}    continue;\n{pad}}}\n{text[at:]}"
    return [Move("skip-zeros", "skip zeros: no work for elements of a that are zero", changed, 0.3)]
