class Probe:
    """Finds the first true flag."""

    def __init__(self, n):
        self.n = n
        self.at = -1

    def ask(self, answer):
        if answer or self.at + 1 >= self.n:
            return ["place", self.at if answer else self.n]
        self.at += 1
        return self.at
