"""Any route of least cost with the fewest stops counts."""


def cheapest(ask, value):
    """Follow the route along the edges; compare cost and stops with those of the best (Bellman and Ford)."""
    edges, start, goal = ask["args"]
    total, stops = value
    price = {}
    for a, b, cost in edges:
        price[a, b] = min(cost, price.get((a, b), cost))
    if stops[0] != start or stops[-1] != goal:
        return "the route does not lead from start to goal"
    if any(pair not in price for pair in zip(stops, stops[1:])):
        return "the route leaves the edges"
    if sum(price[pair] for pair in zip(stops, stops[1:])) != total:
        return "the total is not the route's cost"
    best = {start: (0, 0)}
    for _ in range(len(edges) + 1):
        for (a, b), cost in price.items():
            if a in best:
                found = (best[a][0] + cost, best[a][1] + 1)
                best[b] = min(found, best.get(b, found))
    if (total, len(stops) - 1) != best[goal]:
        return f"cost {total} over {len(stops) - 1} edges; {best[goal][0]} over {best[goal][1]} is possible"
    return None
