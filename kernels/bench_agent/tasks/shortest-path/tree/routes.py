def route(edges, start, goal):
    """A cheapest route."""
    stack = [(start, 0, [start])]
    while stack:
        at, cost, stops = stack.pop()
        if at == goal:
            return [cost, stops]
        for a, b, price in edges:
            if a == at and b not in stops:
                stack.append((b, cost + price, [*stops, b]))
    return None
