import bisect


def rank(x):
    order = sorted(x)
    return [bisect.bisect_left(order, value) for value in x]
