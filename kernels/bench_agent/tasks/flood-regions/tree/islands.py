def sizes(grid):
    """Sizes of the islands."""
    seen = set()

    def flood(y, x):
        if (y, x) in seen or grid[y][x] != "#":
            return 0
        seen.add((y, x))
        return 1 + sum(flood(y + dy, x + dx) for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)))

    return sorted(size for y in range(len(grid)) for x in range(len(grid[y])) if (size := flood(y, x)))
