"""Register tiles: a block of c stays in vector registers while k runs. GCC's vector type lowers to any machine."""

from __future__ import annotations

import re
from random import Random

from daemon.gateway.tuner.c_source import Product, find_product
from daemon.gateway.tuner.move import Move

_SHAPES = ((2, 2), (4, 1), (4, 2), (6, 2), (8, 1), (8, 2), (4, 4), (8, 3))
_DEFINES = """\
#define LANES {lanes}  // tunable: 4 8 16
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
"""
_DEPTH = "#define DEPTH 256  // tunable: 64 128 256 512\n"
_TILE = """\
static inline __attribute__((always_inline)) void tile(const float *a, long a_step, const float *b, long b_step,
                                                       float *c, long c_step, int k)
{{
    /* {rows} rows by {vectors} vectors of c; rows of a, b and c lie a_step, b_step and c_step apart. */
{sums}
    for (int p = 0; p < k; p++) {{
        const vec *row = (const vec *)(b + p * b_step);
{adds}
    }}
{stores}
}}
"""
_EDGE = """\
static void edge(const float *a, const float *b, float *c, int i, int end, int from, int m, int k)
{
    for (; i < end; i++) {
        for (int j = from; j < m; j++) {
            float sum = 0.0f;
            for (int p = 0; p < k; p++) {
                sum += a[(long)i * k + p] * b[(long)p * m + j];
            }
            c[(long)i * m + j] = sum;
        }
    }
}
"""
_PLAIN = """\
    const int rows = N - N % {rows}, columns = M - M % ({vectors} * LANES);
    for (int j = 0; j < columns; j += {vectors} * LANES) {{
        for (int i = 0; i < rows; i += {rows}) {{
            tile(A + (long)i * K, K, B + j, M, C + (long)i * M + j, M, K);
        }}
    }}
    edge(A, B, C, 0, rows, columns, M, K);
    edge(A, B, C, rows, N, 0, M, K);
"""
_OVERLAP = """\
    if (N < {rows} || M < {vectors} * LANES) {{
        edge(A, B, C, 0, N, 0, M, K);
        return;
    }}
    /* The last tile of a row or column is moved back to end at the border: some elements are computed twice. */
    for (int left = 0; left < M; left += {vectors} * LANES) {{
        const int j = left + {vectors} * LANES <= M ? left : M - {vectors} * LANES;
        for (int top = 0; top < N; top += {rows}) {{
            const int i = top + {rows} <= N ? top : N - {rows};
            tile(A + (long)i * K, K, B + j, M, C + (long)i * M + j, M, K);
        }}
    }}
"""
_PACKED = """\
    float panel[DEPTH * {vectors} * LANES];
    float block[{rows} * {vectors} * LANES];
    const int width = {vectors} * LANES;
    for (int j = 0; j < M; j += width) {{
        const int wide = M - j < width ? M - j : width;
        for (int p = 0; p < K; p += DEPTH) {{
            const int deep = K - p < DEPTH ? K - p : DEPTH;
            for (int q = 0; q < deep; q++) {{
                for (int v = 0; v < width; v++) {{
                    panel[q * width + v] = v < wide ? B[(long)(p + q) * M + j + v] : 0.0f;
                }}
            }}
            for (int top = 0; top < N; top += {rows}) {{
                const int i = top + {rows} <= N || N < {rows} ? top : N - {rows};
                if (N < {rows}) {{
                    for (int r = 0; r < N; r++) {{
                        for (int v = 0; v < wide; v++) {{
                            float sum = 0.0f;
                            for (int q = 0; q < deep; q++) {{
                                sum += A[(long)r * K + p + q] * panel[q * width + v];
                            }}
                            block[r * width + v] = sum;
                        }}
                    }}
                }} else {{
                    tile(A + (long)i * K + p, K, panel, width, block, width, deep);
                }}
                const int skip = top - i, high = N < {rows} ? N : {rows};
                for (int r = skip; r < high; r++) {{
                    for (int v = 0; v < wide; v++) {{
                        const float before = p ? C[(long)(i + r) * M + j + v] : 0.0f;
                        C[(long)(i + r) * M + j + v] = before + block[r * width + v];
                    }}
                }}
            }}
        }}
    }}
"""


def moves(text: str, rng: Random) -> list[Move]:
    """From any known form to register tiles, and from tiles to better ones."""
    product = find_product(text)
    if product is None or not product.form:
        return []
    rows, vectors = rng.choice(_SHAPES)
    # Vectors wider than the machine's are taken apart through memory, so wide ones suit the variants for wide machines.
    lanes = rng.choice((4, 8, 16, 16) if "CLONES" in text else (4, 4, 4, 8))
    size = f"{rows} rows by {vectors} vectors of {lanes}"
    tiled = product.form == "tile"
    found = [
        Move(
            "register-tile",
            f"register tile: a block of c, {size}, stays in registers while k runs",
            _write(product, rows, vectors, lanes, _PLAIN),
            0.6 if tiled else 1.5,
        )
    ]
    if tiled:
        found += [
            Move(
                "overlap-edges",
                f"overlapping edges: the last tiles end at the border, so that no element takes the slow way ({size})",
                _write(product, rows, vectors, lanes, _OVERLAP),
                1.4 if "moved back" not in product.body else 0.9,
            ),
            Move(
                "pack-panel",
                f"packed panel: a copy of {vectors * lanes} columns of b is contiguous and stays in the cache ({size})",
                _write(product, rows, vectors, lanes, _PACKED, _DEPTH),
                0.8,
            ),
        ]
    return found


def _write(product: Product, rows: int, vectors: int, lanes: int, body: str, defines: str = "") -> str:
    sums, adds, stores = [], [], []
    for r in range(rows):
        own = [f"s{r}{v}" for v in range(vectors)]
        sums.append("    vec " + ", ".join(f"{name} = {{0}}" for name in own) + ";")
        adds.append(f"        const float x{r} = a[{r} * a_step + p];")
        adds += [f"        {name} += x{r} * row[{v}];" for v, name in enumerate(own)]
        stores += [f"    ((vec *)(c + {r} * c_step))[{v}] = {name};" for v, name in enumerate(own)]
    tile = _TILE.format(
        rows=rows, vectors=vectors, sums="\n".join(sums), adds="\n".join(adds), stores="\n".join(stores)
    )
    helpers = [_DEFINES.format(lanes=lanes) + defines, tile]
    if "edge(" in body:
        helpers.append(_EDGE)
    names = {"A": product.a, "B": product.b, "C": product.c, "N": product.n, "M": product.m, "K": product.k}
    filled = body.format(rows=rows, vectors=vectors)
    filled = re.sub(r"\b[ABCNMK]\b", lambda word: names[word.group()], filled)
    return product.with_body(filled, "\n".join(helpers))
