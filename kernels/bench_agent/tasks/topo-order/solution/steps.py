import heapq


def order(needs):
    """Steps in a possible order."""
    waiting = {step: set(first) for step, first in needs.items()}
    for first in needs.values():
        for step in first:
            waiting.setdefault(step, set())
    after = {step: [] for step in waiting}
    for step, first in waiting.items():
        for need in first:
            after[need].append(step)
    ready = [step for step, first in waiting.items() if not first]
    heapq.heapify(ready)
    found = []
    while ready:
        step = heapq.heappop(ready)
        found.append(step)
        for later in after[step]:
            waiting[later].discard(step)
            if not waiting[later]:
                heapq.heappush(ready, later)
    if len(found) < len(waiting):
        step = next(step for step in waiting if step not in found)
        seen = []
        while step not in seen:
            seen.append(step)
            step = next(need for need in waiting[step] if need not in found)
        raise ValueError(f"{step} needs itself")
    return found
