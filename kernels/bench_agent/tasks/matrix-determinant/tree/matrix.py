def det(rows):
    """Determinant of a matrix of integers."""
    a = [[float(x) for x in row] for row in rows]
    total = 1.0
    for i in range(len(a)):
        total *= a[i][i]
        for j in range(i + 1, len(a)):
            factor = a[j][i] / a[i][i]
            a[j] = [y - factor * x for x, y in zip(a[i], a[j])]
    return round(total)
