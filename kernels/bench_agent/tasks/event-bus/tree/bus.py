class Bus:
    """Topics and handlers."""

    def __init__(self):
        self.handlers = {}

    def on(self, topic, name):
        self.handlers.setdefault(topic, []).append(name)
        return True

    def off(self, topic, name):
        self.handlers[topic].remove(name)
        return True

    def emit(self, topic, value):
        log = []
        for name in self.handlers.get(topic, []):
            log.append(f"{name}:{value}")
            if name.startswith("once-"):
                self.off(topic, name)
            elif name.startswith("drop-"):
                self.off(topic, name.split("-")[1])
            elif name.startswith("add-"):
                self.on(topic, name.split("-")[1])
        return log
