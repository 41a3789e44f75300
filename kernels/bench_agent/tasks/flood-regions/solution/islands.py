def sizes(grid):
    """Sizes of the islands."""
    land = {(y, x) for y, row in enumerate(grid) for x, sign in enumerate(row) if sign == "#"}
    found = []
    while land:
        stack, size = [land.pop()], 0
        while stack:
            y, x = stack.pop()
            size += 1
            for near in ((y, x + 1), (y + 1, x), (y, x - 1), (y - 1, x)):
                if near in land:
                    land.discard(near)
                    stack.append(near)
        found.append(size)
    return sorted(found, reverse=True)
