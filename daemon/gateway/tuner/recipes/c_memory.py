"""Where the numbers lie: a transposed copy of b, prefetching, a half-width copy of b."""

from __future__ import annotations

import re
from random import Random

from daemon.gateway.tuner.c_source import Product, after_head, find_product
from daemon.gateway.tuner.move import Move

_TRANSPOSED = """\
    float *turned = malloc(sizeof(float) * (size_t)M * K);
    for (int j = 0; turned && j < M; j++) {
        for (int p = 0; p < K; p++) {
            turned[(long)j * K + p] = B[(long)p * M + j];
        }
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < M; j++) {
            float sum = 0.0f;
            if (turned) {
                const float *column = turned + (long)j * K;
                for (int p = 0; p < K; p++) {
                    sum += A[(long)i * K + p] * column[p];
                }
            } else {
                for (int p = 0; p < K; p++) {
                    sum += A[(long)i * K + p] * B[(long)p * M + j];
                }
            }
            C[(long)i * M + j] = sum;
        }
    }
    free(turned);
"""
_HALF = """\
    unsigned short *half = malloc(sizeof(unsigned short) * (size_t)M * K);
    for (long e = 0; half && e < (long)M * K; e++) {
        unsigned bits;
        memcpy(&bits, B + e, sizeof bits);
        half[e] = (unsigned short)((bits + 0x8000u) >> 16);
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < M; j++) {
            C[(long)i * M + j] = 0.0f;
        }
        for (int p = 0; p < K; p++) {
            const float x = A[(long)i * K + p];
            for (int j = 0; j < M; j++) {
                float y = B[(long)p * M + j];
                if (half) {
                    const unsigned bits = (unsigned)half[(long)p * M + j] << 16;
                    memcpy(&y, &bits, sizeof y);
                }
                C[(long)i * M + j] += x * y;
            }
        }
    }
    free(half);
"""


def moves(text: str, rng: Random) -> list[Move]:
    """Moves on where data lies; some of them cost more than they bring, which only measuring can tell."""
    product = find_product(text)
    if product is None or not product.form:
        return []
    found = []
    if product.form != "tile" and "turned" not in product.body:
        hypothesis = "transposed copy: columns of b become rows, so that the inner loop reads both matrices in order"
        found.append(Move("transpose", hypothesis, _with_headers(product, _TRANSPOSED, "stdlib"), 0.6))
    if product.form == "rows" and "half" not in product.body:
        hypothesis = "half-width copy: b in 16 bits an element halves the memory that the inner loop reads"
        found.append(Move("half-width", hypothesis, _with_headers(product, _HALF, "stdlib", "string"), 0.5))
    row = re.search(r"^( *)const (?:float x|vec \*row) = [^\n]*\n", text, re.MULTILINE)
    if row is not None and "__builtin_prefetch" not in text:
        target = "b + (p + 8) * b_step" if "*row" in row.group() else f"{product.b} + (long)(p + 1) * {product.m}"
        line = f"{row.group(1)}__builtin_prefetch({target});\n"
        changed = text[: row.end()] + line + text[row.end() :]
        hypothesis = "prefetch: rows of b that are needed soon are asked for early"
        found.append(Move("prefetch", hypothesis, changed, 0.5))
    return found


def _with_headers(product: Product, body: str, *headers: str) -> str:
    names = {"A": product.a, "B": product.b, "C": product.c, "N": product.n, "M": product.m, "K": product.k}
    filled = re.sub(r"\b[ABCNMK]\b", lambda word: names[word.group()], body)
    text = product.with_body(filled)
    for header in headers:
        line = f"#include <{header}.h>"
        if line not in text:
            text = after_head(text, line)
    return text
