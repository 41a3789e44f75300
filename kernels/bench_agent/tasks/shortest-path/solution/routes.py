import heapq


def route(edges, start, goal):
    """A cheapest route."""
    out = {}
    for a, b, price in edges:
        if price < 0:
            raise ValueError("a cost is negative")
        out.setdefault(a, []).append((b, price))
    heap, done, tick = [(0, 0, 0, start, None)], {}, 0
    while heap:
        cost, hops, _, at, before = heapq.heappop(heap)
        if at in done:
            continue
        done[at] = before
        if at == goal:
            stops = [at]
            while done[stops[-1]] is not None:
                stops.append(done[stops[-1]])
            return [cost, stops[::-1]]
        for b, price in out.get(at, []):
            tick += 1
            heapq.heappush(heap, (cost + price, hops + 1, tick, b, at))
    return None
