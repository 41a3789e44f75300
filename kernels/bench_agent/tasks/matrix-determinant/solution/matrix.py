from fractions import Fraction


def det(rows):
    """Determinant of a matrix of integers."""
    n = len(rows)
    if any(len(row) != n for row in rows):
        raise ValueError("the matrix is not square")
    a = [[Fraction(x) for x in row] for row in rows]
    total = Fraction(1)
    for i in range(n):
        pivot = next((k for k in range(i, n) if a[k][i]), None)
        if pivot is None:
            return 0
        if pivot != i:
            a[i], a[pivot] = a[pivot], a[i]
            total = -total
        total *= a[i][i]
        for j in range(i + 1, n):
            factor = a[j][i] / a[i][i]
            a[j] = [y - factor * x for x, y in zip(a[i], a[j])]
    return int(total)
