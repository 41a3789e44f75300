"""Softmax of rows: y[r][c] = exp(x[r][c] - max of row) / sum of the row's exponentials; float32, row-major, packed.

A program takes ROWS rows; columns need not be a multiple of anything. Write every element of y.
"""

import triton
import triton.language as tl

WARPS = 4  # tunable: 1 2 4 8 16
STAGES = 2  # tunable: 1 2 3 4
ROWS = 1
CONSTANTS = {"BLOCK": 1024}


@triton.jit
def softmax(x, y, rows, columns, BLOCK: tl.constexpr):
    start = tl.program_id(0).to(tl.int64) * columns
    lane = tl.arange(0, BLOCK)
    highest = tl.full((BLOCK,), float("-inf"), tl.float32)
    for first in range(0, columns, BLOCK):
        value = tl.load(x + start + first + lane, mask=first + lane < columns, other=float("-inf"))
        highest = tl.maximum(highest, value)
    top = tl.max(highest, axis=0)
    sums = tl.zeros((BLOCK,), tl.float32)
    for first in range(0, columns, BLOCK):
        value = tl.load(x + start + first + lane, mask=first + lane < columns, other=float("-inf"))
        sums += tl.exp(value - top)
    total = tl.sum(sums, axis=0)
    for first in range(0, columns, BLOCK):
        value = tl.load(x + start + first + lane, mask=first + lane < columns, other=0.0)
        tl.store(y + start + first + lane, tl.exp(value - top) / total, mask=first + lane < columns)
