class Intervals:
    """A set of integers as intervals."""

    def __init__(self):
        self._spans = []

    def add(self, low, high):
        if low >= high:
            return
        apart = [span for span in self._spans if span[1] < low or span[0] > high]
        met = [span for span in self._spans if span not in apart]
        low = min([low, *(span[0] for span in met)])
        high = max([high, *(span[1] for span in met)])
        self._spans = sorted([*apart, [low, high]])

    def remove(self, low, high):
        if low >= high:
            return
        kept = []
        for start, end in self._spans:
            kept += [part for part in ([start, min(end, low)], [max(start, high), end]) if part[0] < part[1]]
        self._spans = kept

    def holds(self, x):
        return any(low <= x < high for low, high in self._spans)

    def spans(self):
        return [list(span) for span in self._spans]
