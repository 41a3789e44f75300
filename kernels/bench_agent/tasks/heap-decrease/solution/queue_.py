import heapq


class Queue:
    """Names by priority."""

    def __init__(self):
        self._heap = []
        self._live = {}
        self._count = 0

    def push(self, name, priority):
        self._count += 1
        self._live[name] = self._count
        heapq.heappush(self._heap, (priority, self._count, name))

    def pop(self):
        while self._heap:
            _, stamp, name = heapq.heappop(self._heap)
            if self._live.get(name) == stamp:
                del self._live[name]
                return name
        raise IndexError("the queue is empty")

    def remove(self, name):
        return self._live.pop(name, None) is not None

    def size(self):
        return len(self._live)
