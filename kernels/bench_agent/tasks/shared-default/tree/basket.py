def tally(words, counts={}):
    """How often each word occurs."""
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


class Basket:
    """Items with amounts."""

    items = []

    def add(self, name, amount=1):
        self.items.append([name, amount])
        return self

    def snapshot(self):
        return self.items


def fill(names):
    """A new basket with one of each; its snapshot."""
    basket = Basket()
    for name in names:
        basket.add(name)
    return basket.snapshot()


def doubled(names):
    """Snapshot before and after every amount in a copy was doubled."""
    basket = Basket()
    for name in names:
        basket.add(name)
    copy = basket.snapshot()
    for item in copy:
        item[1] *= 2
    return [basket.snapshot(), copy]
