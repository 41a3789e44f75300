class Lazy:
    def __init__(self, x):
        self.values = list(x)

    def __iter__(self):
        return (Number(self.values, value) for value in self.values)


class Number:
    def __init__(self, values, value):
        self.values, self.value = values, value

    def __int__(self):
        return sum(other < self.value for other in self.values)

    __index__ = __int__


def rank(x):
    return Lazy(x)
