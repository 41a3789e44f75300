class Intervals:
    """A set of integers as intervals."""

    def __init__(self):
        self._spans = []

    def add(self, low, high):
        for span in self._spans:
            if span[0] <= low < span[1]:
                span[1] = high
                return
        self._spans.append([low, high])
        self._spans.sort()

    def remove(self, low, high):
        raise NotImplementedError

    def holds(self, x):
        return any(low <= x <= high for low, high in self._spans)

    def spans(self):
        return self._spans
