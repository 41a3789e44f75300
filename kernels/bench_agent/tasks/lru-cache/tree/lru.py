class LRU:
    """A bounded cache."""

    def __init__(self, size):
        self.size = size
        self.data = {}

    def put(self, key, value):
        self.data[key] = value
        if len(self.data) >= self.size:
            self.data.pop(next(iter(self.data)))

    def get(self, key):
        return self.data.get(key)

    def keys(self):
        return list(self.data)
