class Probe:
    """Finds the first true flag."""

    def __init__(self, n):
        self.low, self.high, self.asked = 0, n, None

    def ask(self, answer):
        if self.asked is not None:
            if answer:
                self.high = self.asked
            else:
                self.low = self.asked + 1
        if self.low == self.high:
            return ["place", self.low]
        self.asked = (self.low + self.high) // 2
        return self.asked
