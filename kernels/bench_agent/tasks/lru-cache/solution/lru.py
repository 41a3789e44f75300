class LRU:
    """A bounded cache."""

    def __init__(self, size):
        if size < 1:
            raise ValueError("the size must be at least 1")
        self.size = size
        self.data = {}

    def put(self, key, value):
        self.data.pop(key, None)
        self.data[key] = value
        if len(self.data) > self.size:
            self.data.pop(next(iter(self.data)))

    def get(self, key):
        if key not in self.data:
            return None
        value = self.data[key] = self.data.pop(key)
        return value

    def keys(self):
        return list(self.data)
