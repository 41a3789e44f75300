"""One line in each header, all of them used."""

from typing import Any


def bundles() -> list[dict[str, Any]]:
    parts = {f"part/p{i:03}.h": {"text": f"enum {{ P{i} = {i} }};\n"} for i in range(149)}
    lines = [f'#include "{path}"' for path in parts]
    body = "void sweep(const float *x, float *y, int n)\n{\n    means(x, y, n, 40 + P0);\n}\n"
    return [{"files": {**parts, "sweep.c": {"text": "\n".join(['#include "mean.h"', *lines, "", body])}}}]
