class Queue:
    """Names by priority."""

    def push(self, name, priority):
        raise NotImplementedError

    def pop(self):
        raise NotImplementedError

    def remove(self, name):
        raise NotImplementedError

    def size(self):
        raise NotImplementedError
