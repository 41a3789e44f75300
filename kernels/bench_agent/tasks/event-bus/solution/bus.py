class Bus:
    """Topics and handlers."""

    def __init__(self):
        self.handlers = {}

    def on(self, topic, name):
        names = self.handlers.setdefault(topic, [])
        if name in names:
            return False
        names.append(name)
        return True

    def off(self, topic, name):
        names = self.handlers.get(topic, [])
        if name not in names:
            return False
        names.remove(name)
        return True

    def emit(self, topic, value):
        log = []
        called = [(topic, name) for name in self.handlers.get(topic, [])]
        called += [("*", name) for name in self.handlers.get("*", []) if topic != "*"]
        for place, name in called:
            if name not in self.handlers[place]:
                continue
            log.append(f"{name}:{value}")
            if name.startswith("once-"):
                self.off(place, name)
            elif name.startswith("drop-"):
                self.off(place, name.split("-")[1])
            elif name.startswith("add-"):
                self.on(place, name.split("-")[1])
        return log
